"""Fixtures for tests of the journal's documents and of processes."""

from tests.drivers.conftest import house, stage

__all__ = ["house", "stage"]
