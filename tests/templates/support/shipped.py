"""The manifests that are shipped, and the organization that they are written for."""

from typing import Any

import yaml

from tests.paths import MANIFESTS

ORGANIZATION = MANIFESTS / "sandbox-organization.yaml"


def read(name: str) -> dict[str, Any]:
    """Return a manifest as it is written."""
    manifest: dict[str, Any] = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text("utf-8"))
    return manifest
