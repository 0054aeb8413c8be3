"""The page of a rollout on this machine, as it moves."""
