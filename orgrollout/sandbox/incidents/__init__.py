"""The incidents of a sandbox, by kind; ``Sandbox`` hands out their methods."""
