"""One step of a rollout: load, observe, decide, commit, act."""
