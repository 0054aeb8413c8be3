"""What a command sends and what is answered, written down without names and secrets."""
