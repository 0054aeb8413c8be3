"""Finds what is not as deployed, and plans the re-sync that repairs it."""
