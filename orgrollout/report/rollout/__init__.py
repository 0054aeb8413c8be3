"""A rollout as people read it and as programs do: where it stands, and how it ended."""
