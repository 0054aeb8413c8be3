"""CloudTrail's event history: what was changed in each account and Region, and by whom."""
