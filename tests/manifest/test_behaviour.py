"""A file of `confirm` decides what a manifest leaves open, and nothing that it says itself."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.errors import ManifestError
from orgrollout.manifest.behaviour import behaviour_text, read_behaviour
from orgrollout.manifest.load import load_manifest
from orgrollout.model.behaviour import QUESTIONS
from tests.stage import BASE, TOPIC

PREVIOUS = "version: 1\nbehaviour: {update_instances_definition: previous}\n"


def written(folder: Path, rollout: dict[str, Any], text: str = PREVIOUS) -> Path:
    (folder / "topic.yaml").write_text(TOPIC)
    (folder / "answers").mkdir()
    (folder / "answers" / "aws.yaml").write_text(text)
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump({**BASE, "rollout": rollout, "behaviour": "answers/aws.yaml"}))
    return path


@pytest.mark.parametrize(
    ("rollout", "text", "way"),
    [
        ({}, PREVIOUS, "update_stack_set"),
        ({"on_failure": "rollback"}, PREVIOUS, "update_stack_set"),
        ({"updates_by": "update_stack_instances"}, PREVIOUS, "update_stack_instances"),
        ({}, PREVIOUS.replace("previous", "current"), "update_stack_instances"),
        ({"updates_by": "update_stack_set"}, "version: 1\nbehaviour: {}\n", "update_stack_set"),
    ],
)
def test_it_decides_how_updates_are_sent(
    tmp_path: Path, rollout: dict[str, Any], text: str, way: str
) -> None:
    manifest = load_manifest(written(tmp_path, rollout, text)).manifest

    assert manifest.rollout.updates_by == way
    assert manifest.rollout.on_failure == rollout.get("on_failure", "halt")


def test_what_is_wrong_with_the_file_is_wrong_with_the_manifest(tmp_path: Path) -> None:
    path = written(tmp_path, {}, "version: 1\nbehaviour: {stop_reason: [a]}\n")

    with pytest.raises(ManifestError, match=r"answers/aws.yaml:2:26: behaviour.stop_reason"):
        load_manifest(path)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, {})
    (tmp_path / "answers" / "aws.yaml").unlink()

    with pytest.raises(ManifestError, match=r"answers/aws.yaml: cannot be read"):
        load_manifest(path)


@pytest.mark.parametrize(
    "reason",
    ["null", "yes", "~", "1", "a\nb", "a\x00\x1b[1m\x7f\x85\u2028", "\U0001f600: # é", " a "],
)
def test_any_reason_is_written_as_text(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "behaviour.yaml"
    path.write_text("".join(behaviour_text({"stop_reason": reason})))

    assert read_behaviour(path).values == {"stop_reason": reason}


@pytest.mark.parametrize("which", [0, -1])
def test_what_is_written_is_read_again(tmp_path: Path, which: int) -> None:
    values = {name: question.values[which] for name, question in QUESTIONS.items()}
    values["stop_reason"] = 'said "so": \\ {a}'
    path = tmp_path / "behaviour.yaml"
    path.write_text("".join(behaviour_text(values)))

    assert read_behaviour(path).values == values
    path.write_text("".join(behaviour_text({})))
    assert read_behaviour(path).values == {}
