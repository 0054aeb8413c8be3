"""A plan, a state and what was observed become the next actions: pure decisions."""
