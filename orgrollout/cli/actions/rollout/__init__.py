"""Planning, carrying out and steering a rollout."""
