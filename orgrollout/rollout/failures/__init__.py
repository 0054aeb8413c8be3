"""What a failure means: its class, its advice, and its place in a report."""
