"""All that a journal keeps, as one document: to look at, to hand on, to put away."""

from typing import Any

from orgrollout.journal.port import Journal

FORMAT_VERSION = 1


def journal_document(journal: Journal) -> dict[str, Any]:
    """Return every document by its key, and the entries of every stream, oldest first.

    Each is as it was when it was read; a rollout that goes on meanwhile may be ahead of its
    history.
    """
    documents = {key: journal.get(key) for key in journal.keys("")}
    return {
        "format_version": FORMAT_VERSION,
        "documents": {key: found.value for key, found in documents.items() if found is not None},
        "streams": {
            name: [entry.value for entry in journal.read(name)] for name in journal.streams()
        },
    }
