"""A plan as people read it and as programs do."""
