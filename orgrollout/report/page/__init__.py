"""The page: the whole organization in one file, drawn from one JSON document."""
