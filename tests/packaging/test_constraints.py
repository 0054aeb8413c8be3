"""Who installs the program to use it gets what it runs on, and no tool of its developers."""

import ast
import re
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.paths import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def _pins(name: str) -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


@cache
def _imported_by(path: Path) -> frozenset[str]:
    """Return the top-level packages that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def _imported(folder: Path, *, without: str = "") -> set[str]:
    """Return the top-level packages that the modules below ``folder`` import, anywhere in them."""
    return {
        package
        for path in folder.rglob("*.py")
        if not without or (folder / without) not in path.parents
        for package in _imported_by(path)
    }


def _missing(imported: set[str], constraints: str) -> set[str]:
    names = {name for name, _ in _pins(constraints)}
    of_package = packages_distributions()
    return {
        package
        for package in imported & of_package.keys() - {"orgrollout"}
        if not {d.lower().replace("_", "-") for d in of_package[package]} & names
    }


def test_what_the_program_imports_is_pinned_for_use() -> None:
    """An operator installs from constraints.txt alone."""
    imported = _imported(ROOT / "orgrollout", without="sandbox")
    assert {"boto3", "typer"} <= imported
    assert _missing(imported, "constraints.txt") == set()


def test_what_the_sandbox_imports_is_pinned_for_it() -> None:
    imported = _imported(ROOT / "orgrollout")
    assert "moto" in imported
    assert _missing(imported, "constraints-sandbox.txt") == set()


def test_the_pins_for_use_hold_no_tool_of_developers() -> None:
    names = {name for name, _ in _pins("constraints.txt")}
    assert names.isdisjoint({"pytest", "mypy", "ruff", "moto", "awscli", "hypothesis"})


def test_one_version_serves_everywhere() -> None:
    """The tests run with the versions that operators get."""
    assert (
        _pins("constraints.txt") < _pins("constraints-sandbox.txt") < _pins("constraints-dev.txt")
    )


def test_no_constraints_file_names_where_it_was_read_from() -> None:
    for path in ROOT.glob("constraints*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path.name
        assert len(re.findall(r"--hash=sha256:", text)) >= len(PIN.findall(text)), path.name
