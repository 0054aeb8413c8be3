"""Each complaint that planning answers has a test of its own, named after its number."""

import re

from tests.paths import ROOT

TESTS = ROOT
ANSWERED = {*range(1, 15), *range(35, 47)}


def test_every_complaint_about_targets_review_and_deletion_has_a_test() -> None:
    named = re.compile(r"^def test_field_(\d\d)_", re.MULTILINE)
    found = {int(n) for path in TESTS.rglob("test_*.py") for n in named.findall(path.read_text())}

    assert ANSWERED - found == set()
