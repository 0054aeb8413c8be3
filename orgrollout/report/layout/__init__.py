"""Blocks of a report, and how they are drawn: the same for all reports."""
