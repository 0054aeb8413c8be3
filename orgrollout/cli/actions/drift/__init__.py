"""Looking for drift, and repairing it."""
