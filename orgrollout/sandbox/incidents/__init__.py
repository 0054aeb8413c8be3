"""What tests and people make happen in a sandbox, by kind; ``Sandbox`` hands out the methods."""
