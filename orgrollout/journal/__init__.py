"""Documents that survive: get, compare-and-set, append."""
