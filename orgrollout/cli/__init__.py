"""The command line: parses, makes one call, shows its result."""
