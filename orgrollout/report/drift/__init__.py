"""Findings, their history and re-syncs, as people read them and as programs do."""
