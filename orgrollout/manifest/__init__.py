"""A manifest's text becomes a checked `Manifest`, or errors that say where and what."""

from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest

__all__ = ["LoadedManifest", "load_manifest"]
