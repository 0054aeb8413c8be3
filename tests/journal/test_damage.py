"""A journal that was harmed, kind by kind: what is damaged is named, and nothing is guessed."""

import copy
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.errors import JournalCorruptError, JournalDocumentError
from orgrollout.journal.export import export_journal
from orgrollout.journal.place import bind
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import AccountId, Pair, Region, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.documents.claims import claim_of, owners
from orgrollout.reconcile.documents.detections import read_intent, recent_detections
from orgrollout.reconcile.documents.findings import forget_what_is_gone, history
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollouts import has, holds, rollouts
from orgrollout.reconcile.reading.inventory_cache import Memories, own_operations
from orgrollout.reconcile.reading.organization_cache import _kept
from orgrollout.sandbox import Sandbox
from tests.resyncing import NAME, deploy, detect, manifest, repair, seek
from tests.stage import PROD, US, Stage, organization

ONE = Pair(PROD[0], US)
PLACE = AccountId("999999999999"), Region("us-east-1"), None
KINDS = (
    "claims",
    "detection",
    "findings",
    "inventory",
    "organization",
    "place",
    "posture",
    "retained",
)
INSTEAD: tuple[Any, ...] = ([], {}, None, "?", 7, -1, True, [[]], {"?": 1}, 1e300)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return all documents of a journal that has seen a rollout, drift, a re-sync, a removal."""
    folder = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        with Sandbox.start(organization()) as sandbox:
            stage = Stage(sandbox, folder)
            deploy(stage)
            sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
            detect(stage)
            repair(stage, seek(stage))
            less = manifest(targets={"organizational_units": ["/Prod"]})
            removed = stage.apply(less)
            assert OperationAction.DETACH in {o.action for o in removed.plan.operations}
            context = stage.context()
            retained_stacks(context.journal)
            bind(context.journal, *PLACE)
            found: dict[str, Any] = json.loads("".join(export_journal(context.journal)))[
                "documents"
            ]
            found[f"detection/{NAME}"] = {
                "format_version": 1,
                "operation": "ordrift-20260101T000000Z-0123456789abcdef",
                "committed": "2026-01-01T00:00:00+00:00",
                "ended": "",
            }
            return found


def kind_of(key: str) -> str:
    return key.partition("/")[0]


def everything(journal: Journal) -> None:
    """Read all that commands read of a journal."""
    name = StackSetName(NAME)
    found = list(rollouts(journal))
    for rollout in found:
        assert rollout.state.outcome
        assert rollout.state.manifest
    bind(journal, *PLACE)
    retained_stacks(journal)
    claim_of(journal, name)
    owners(journal, [name], partial(holds, journal))
    has(journal, found[0].state.id, name)
    read_intent(journal, name)
    list(recent_detections(journal, found[0].state.created))
    own_operations(journal, found[0].state.created)
    history(journal, name)
    known_posture(journal, name, [ONE])
    _kept(journal)
    for memory in Memories(journal, lambda _: None).recall([name]).values():
        assert [each.applied_by for each in memory.instances.values() if each.is_skipped] == []
    forget_what_is_gone(journal)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a document; of long lists, the first ones."""
    yield path
    if isinstance(value, dict):
        for key in list(value)[:20]:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 2)):
            yield from places(value[index], (*path, index))


def with_other(document: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = other
    return changed


def without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


def written(path: Path, documents: dict[str, Any]) -> SqliteJournal:
    journal = SqliteJournal(path)
    journal._db.execute("PRAGMA synchronous = OFF")
    for key, value in documents.items():
        journal.put(key, value, expected=None)
    return journal


def changes(document: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for path in places(document):
        for other in INSTEAD:
            yield path, with_other(document, path, other)
        if path:
            yield path, without(document, path)


@pytest.mark.slow
def test_what_is_not_harmed_is_read(tmp_path: Path, documents: dict[str, Any]) -> None:
    assert {kind_of(key) for key in documents} >= {
        "artifacts",
        "claims",
        "detection",
        "findings",
        "organization",
        "retained",
        "rollout",
    }
    with written(tmp_path / "j.sqlite", documents) as journal:
        everything(journal)


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_of_which_something_is_of_another_kind_is_named(
    tmp_path: Path, documents: dict[str, Any], kind: str
) -> None:
    fuzz(tmp_path, documents, kind, every=7 if kind in {"inventory", "organization"} else 3)


def test_a_rollout_of_which_something_is_of_another_kind_is_named(
    tmp_path: Path, documents: dict[str, Any]
) -> None:
    fuzz(tmp_path, documents, "rollout", every=7)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rollout", *KINDS])
def test_every_change_of_a_document_is_named(
    tmp_path: Path, documents: dict[str, Any], kind: str
) -> None:
    fuzz(tmp_path, documents, kind, every=7 if kind in {"inventory", "organization"} else 1)


def fuzz(folder: Path, documents: dict[str, Any], kind: str, *, every: int) -> None:
    """Read the journal with each change of a document; an error of ours names what is wrong."""
    mine = [key for key in documents if kind_of(key) == kind][:2]
    assert mine
    tried = 0
    written_by_reading = [k for k in documents if kind_of(k) in {"findings", "retained", "place"}]
    with written(folder / "j.sqlite", documents) as journal:
        for key in mine:
            for path, harmed in list(changes(documents[key]))[::every]:
                tried += 1
                set_raw(journal, key, json.dumps(harmed))
                error = complaint(journal)
                assert error is None or isinstance(error, OrgRolloutError), (key, path, error)
                if isinstance(error, JournalDocumentError):
                    assert error.where in documents, (key, path, harmed)
                    assert "Move the journal aside" in str(error)
                for other in {key, *written_by_reading}:
                    set_raw(journal, other, json.dumps(documents[other]))
    assert tried > 5


def complaint(journal: Journal) -> Exception | None:
    try:
        everything(journal)
    except Exception as error:  # noqa: BLE001 - which it is, is what the test is about
        return error
    return None


def set_raw(journal: SqliteJournal, key: str, text: str) -> None:
    journal._db.execute(
        "INSERT INTO documents VALUES (?, 1, ?) ON CONFLICT(key) DO UPDATE SET value = ?",
        (key, text, text),
    )


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM schema", "does not tell its version"),
        ("UPDATE schema SET version = 'x'", "does not tell its version"),
        ("DROP TABLE schema", "no such table"),
    ],
)
def test_a_file_that_lost_its_version_is_damaged(tmp_path: Path, statement: str, said: str) -> None:
    path = tmp_path / "j.sqlite"
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)

    with pytest.raises(JournalCorruptError, match=said):
        SqliteJournal(path)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE documents",
        "DROP TABLE entries",
        "ALTER TABLE documents RENAME COLUMN value TO worth",
        "UPDATE documents SET version = 'one'",
        "UPDATE documents SET value = x'ff00'",
        "UPDATE documents SET value = '[' ",
        "UPDATE entries SET value = 7.5e400",
        "UPDATE entries SET position = 'first'",
    ],
)
def test_a_file_with_other_tables_or_values_is_damaged(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "j.sqlite"
    with SqliteJournal(path) as journal:
        journal.put("k", 1, expected=None)
        journal.append("s", 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)

    def read(journal: SqliteJournal) -> None:
        journal.keys()
        journal.get("k")
        list(journal.read("s"))

    with SqliteJournal(path) as journal, pytest.raises(JournalCorruptError, match="Move it aside"):
        read(journal)
