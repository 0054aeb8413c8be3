"""The plan that takes a rollout back."""
