"""The way into member accounts, many at a time, and the repairs there."""
