"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MANIFESTS = ROOT / "manifests"
STACKSETS = ROOT / "stacksets"
PAGE_SOURCE = ROOT / "orgrollout" / "report" / "page" / "source"
