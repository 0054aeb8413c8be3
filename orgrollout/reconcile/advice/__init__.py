"""Looks and advises, changes nothing: preflight, bootstrap, existing stack sets, one account."""
