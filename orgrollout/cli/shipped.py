"""The manifests that come along: in the package, or beside it in a checkout."""

from importlib.resources import files
from pathlib import Path

ORGANIZATION = "sandbox-organization.yaml"
BASELINE = "security-baseline.yaml"


def shipped_manifest(name: str) -> Path:
    """Return where a file of `manifests/` is."""
    package = Path(str(files("orgrollout")))
    shipped = package / "manifests"
    folder = shipped if shipped.is_dir() else package.parent / "manifests"
    return folder / name
