"""How a rollout and the organization stand."""
