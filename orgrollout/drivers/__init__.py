"""What calls `tick()` again and again: a loop on this machine."""
