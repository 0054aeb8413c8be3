"""The record of one whole rollout, made by the program in a sandbox."""

from pathlib import Path

import pytest
import yaml

from orgrollout.cli.main import main
from tests.cli.support import write_manifest
from tests.stage import BASE, organization


@pytest.fixture(scope="package")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a record of `apply`, from nothing to a stack in every account."""
    folder = tmp_path_factory.mktemp("rollout")
    file = folder / "record.jsonl"
    (folder / "organization.yaml").write_text(yaml.safe_dump(organization()))
    manifest = write_manifest(folder, BASE)
    where = ("--sandbox", str(folder / "organization.yaml"), "--record", str(file))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        assert main(["apply", str(manifest), "--yes", *where]) == 0
    return file
