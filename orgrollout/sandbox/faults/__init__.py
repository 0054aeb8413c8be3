"""Faults that are told to happen: throttled calls, failed instances, lost responses."""
