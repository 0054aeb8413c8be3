"""A manifest as programs load it."""

from pathlib import Path
from typing import Any

import yaml

from orgrollout import api
from orgrollout.manifest.loaded import LoadedManifest
from tests.stage import BASE, TOPIC


def manifest(folder: Path, **more: Any) -> LoadedManifest:
    (folder / "topic.yaml").write_text(TOPIC)
    path = folder / "manifest.yaml"
    wanted = {key: value for key, value in {**BASE, **more}.items() if value is not None}
    path.write_text(yaml.safe_dump(wanted))
    return api.load(path)
