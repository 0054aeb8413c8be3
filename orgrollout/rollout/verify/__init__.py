"""Whether the end is as planned, and whether another process or person changed anything."""
