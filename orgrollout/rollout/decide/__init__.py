"""The next step of a rollout, and what people tell it to do. Pure."""
