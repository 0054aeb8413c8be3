"""The kinds of documents: the page lists all of them, and conflicts are decided in one place."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import orgrollout
from orgrollout.journal.documents import Documents
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.sandbox import Sandbox
from tests.paths import DOCS, ROOT
from tests.resyncing import NAME, deploy, detect, repair, seek
from tests.stage import PROD, US, Stage, organization

OTHERS = {"place", "artifacts/", "history/"}  # the owner, texts under their digest, a stream
JOURNALS = {"journal/sqlite.py", "aws/s3_journal.py"}  # they find the conflicts


def documented() -> set[str]:
    """Return the keys of the page's table, without the placeholders for names."""
    table = (DOCS / "journal.md").read_text().partition("## What is kept")[2].partition("\n## ")[0]
    keys = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    return {re.sub(r"/[A-Z].*", "/", key) for key in keys}


def kinds() -> set[str]:
    """Return the prefix of every kind of document that the code has."""
    found: set[str] = set()
    for module in pkgutil.walk_packages(orgrollout.__path__, "orgrollout."):
        if not module.name.startswith(("orgrollout.sandbox", "orgrollout.__main__")):
            values = vars(importlib.import_module(module.name)).values()
            found |= {value.prefix for value in values if isinstance(value, Documents)}
    return found


def test_the_page_names_every_kind_and_no_other() -> None:
    assert documented() == kinds() | OTHERS


def test_every_document_of_a_journal_is_of_a_kind_that_the_page_names(tmp_path: Path) -> None:
    with Sandbox.start(organization()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        deploy(stage)
        sandbox.tamper(PROD[0], US, NAME, "Topic", "/DisplayName", "theirs")
        detect(stage)
        repair(stage, seek(stage))
        sandbox.clock.sleep(timedelta(hours=1))
        journal = stage.context().journal
        retained_stacks(journal)
        kept = {*journal.keys(), *journal.streams()}

    assert kept
    unknown = {key for key in kept if not key.startswith(tuple(documented()))}
    assert not unknown
    assert {key.partition("/")[0] for key in kept} >= {"rollout", "claims", "findings", "posture"}


def _catching(path: Path) -> Iterator[int]:
    """Yield the lines that catch a conflict, by `except` or by `suppress`."""
    source = path.read_text(encoding="utf-8")
    if "JournalConflictError" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler | ast.Call):
            continue
        caught: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught = [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        if any("JournalConflictError" in ast.unparse(each) for each in caught):
            yield node.lineno


def test_conflicts_are_caught_in_one_module_only() -> None:
    package = ROOT / "orgrollout"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if any(_catching(path))
    }

    assert found - JOURNALS == {"journal/conflicts.py"}


@pytest.mark.parametrize(
    "source", ["try: f()\nexcept (A, JournalConflictError): pass", "suppress(JournalConflictError)"]
)
def test_a_conflict_that_is_caught_is_seen(tmp_path: Path, source: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)

    assert list(_catching(path))
