"""A manifest's text becomes a checked `Manifest`, or errors that say where and what."""
