"""The page on posture knows every check, its arguments and the call that mends it."""

from orgrollout.model.posture import CHECKS
from tests.paths import DOCS

PAGE = DOCS / "posture.md"


def test_every_check_is_documented_with_its_arguments_and_its_call() -> None:
    rows = {
        line.split("|")[1].strip().strip("`"): line
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    }
    assert set(rows) == set(CHECKS)
    for name, known in CHECKS.items():
        assert all(f"`{argument}`" in rows[name] for argument in known.arguments), name
        assert (known.mended_by or "no call") in rows[name], name
