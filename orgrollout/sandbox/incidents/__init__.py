"""What tests and people make happen in a sandbox, as methods."""
