"""Ledgers that were kept: exported coverage, and what changed from one to another."""
