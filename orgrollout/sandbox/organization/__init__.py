"""The organization that is simulated: its tree, its file, its policies."""
