"""What one process remembers for itself. All of it can be found again."""
