"""From what is wanted and what is deployed to operations in waves."""
