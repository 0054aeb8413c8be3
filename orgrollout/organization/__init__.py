"""A manifest and a snapshot of the organization become the stack instances that should exist."""
