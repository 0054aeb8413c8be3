"""Options that several commands have, declared once."""
