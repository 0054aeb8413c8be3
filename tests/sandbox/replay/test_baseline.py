"""The templates that come along are in a record as they are, so what they make replays, too."""

from pathlib import Path

import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.exchange_record import Text, read_record
from orgrollout.sandbox.replay.record import load_record
from orgrollout.sandbox.replay.replay import replay
from tests.paths import MANIFESTS, STACKSETS


@pytest.mark.slow
def test_the_baseline_replays_without_a_difference(tmp_path: Path) -> None:
    made = yaml.safe_load((MANIFESTS / "sandbox-organization.yaml").read_text())
    del made["faults"]  # what failed once is a difference
    (tmp_path / "organization.yaml").write_text(yaml.safe_dump(made))
    file = tmp_path / "record.jsonl"
    only = [word for name in ("log_archive", "audit") for word in ("--account", name)]
    where = ("--sandbox", str(tmp_path / "organization.yaml"), "--record", str(file))

    assert main(["apply", str(MANIFESTS / "security-baseline.yaml"), "--yes", *only, *where]) == 0

    bodies = {line.body for line in read_record(file) if isinstance(line, Text)}
    shipped = {path.read_text(encoding="utf-8") for path in STACKSETS.glob("*.yaml")}
    assert bodies <= shipped
    report = replay(load_record(file))
    assert report.found == []
    assert report.compared == report.requests > 100
