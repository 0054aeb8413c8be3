"""docs/sandbox.md names tests and settings that exist, and all of the settings and faults."""

import re
from pathlib import Path

from orgrollout.sandbox import Settings
from orgrollout.sandbox.faults.entries import KINDS
from orgrollout.sandbox.sandbox import Sandbox

TESTS = Path(__file__).parent
TEXT = (TESTS.parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_test_it_names_exists() -> None:
    defined = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    named = set(re.findall(r"`(?:\w+::)?(test_\w+)`", TEXT))
    assert len(named) > 100
    assert {name for name in named if f"def {name}(" not in defined} == set()


def test_every_module_it_names_has_the_test() -> None:
    files = {path.stem: path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")}
    named = re.findall(r"`(\w+)::(test_\w+)`", TEXT)
    assert len(named) > 40
    assert {each for each in named if f"def {each[1]}(" not in files.get(each[0], "")} == set()


def test_it_names_every_setting_with_its_note() -> None:
    assert [n.name for n in Settings.notes() if f"| `{n.name}` |" not in TEXT] == []
    assert [n.name for n in Settings.notes() if n.text not in TEXT] == []


def test_it_names_every_fault_and_each_is_a_method() -> None:
    assert [kind for kind in KINDS if f"`{kind}`" not in TEXT] == []
    sandbox = Sandbox.start({"organization": "o-a1b2c3d4e5"})
    assert [kind for kind in KINDS if not callable(getattr(sandbox, kind, None))] == []
