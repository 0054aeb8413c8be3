"""From the bytes of a file to values that know their line and column."""
