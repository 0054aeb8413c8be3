"""The beginning and the end of rollouts: begin, roll back, notify, prune."""
