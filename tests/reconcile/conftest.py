"""What tests of the journal's documents and of processes stand in."""

from tests.drivers.conftest import house, stage

__all__ = ["house", "stage"]
