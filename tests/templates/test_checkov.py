"""Check 36: checkov fails nothing, and what it is told to skip has a reason and would fail."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.templates.support.reading import Templates

# It pins other versions of our dependencies, so that `make test-all` gives it a home of its own.
CHECKOV = Path(sys.prefix) / "checkov" / "bin" / "checkov"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHECKOV.exists(), reason="checkov comes with `make test-all`"),
]


def results(templates: Templates, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the checks by outcome."""
    for name, text in {**templates.texts, **templates.single_accounts()}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [
            CHECKOV,
            "--directory",
            folder,
            "--framework=cloudformation",
            "--skip-download",
            "--output=json",
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    answer: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    return answer


def ids(checks: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return which check is about which resource."""
    return {(each["check_id"], each["resource"]) for each in checks}


def test_check_36_checkov_finds_nothing_that_is_not_explained(
    templates: Templates, tmp_path: Path
) -> None:
    found = results(templates, tmp_path)
    assert found["passed_checks"]
    assert ids(found["failed_checks"]) == set()
    for skipped in found["skipped_checks"]:
        assert len(skipped["check_result"]["suppress_comment"]) > 20


def test_check_36_every_skip_is_needed(templates: Templates, tmp_path: Path) -> None:
    """A skip that hides nothing would hide the next mistake."""
    skipped = ids(results(templates, tmp_path)["skipped_checks"])
    everything = {**templates.texts, **templates.single_accounts()}
    unskipped = {
        name: text.replace("      checkov:", "      not-checkov:")
        for name, text in everything.items()
    }
    found = results(Templates(unskipped), tmp_path)
    assert ids(found["failed_checks"]) == skipped
    assert skipped


def test_check_36_checkov_would_see_a_mistake(templates: Templates, tmp_path: Path) -> None:
    name = "log-buckets"
    public = templates.texts[name].replace("BlockPublicAcls: true", "BlockPublicAcls: false")
    failed = ids(results(templates.replaced(name, public), tmp_path)["failed_checks"])
    assert {resource for _, resource in failed} == {
        "AWS::S3::Bucket.ConfigBucket",
        "AWS::S3::Bucket.FlowLogBucket",
    }
