"""Where a journal is, when nothing else is said."""

import re
from pathlib import Path

from platformdirs import user_state_path

from orgrollout.model.ids import AccountId, Region, digest_of

FILE = "journal.sqlite"
_NAME_OF_FILE = re.compile(r"\.(sqlite3?|db)$")


def journal_path(
    base: Path | None, account: AccountId, region: Region, endpoint: str | None
) -> Path:
    """Return the file that keeps the rollouts of one administrator, Region and endpoint.

    ``base`` is a folder, or the file itself where it is named ``.sqlite``, ``.sqlite3`` or
    ``.db``; None is this platform's place for state. ``endpoint`` is None for AWS itself: what
    happened in a sandbox is never taken for what happened in production.
    """
    if base is not None and _NAME_OF_FILE.search(base.name):
        return base
    folder = base if base is not None else user_state_path("orgrollout")
    return folder / _folder(account, region, endpoint) / FILE


def _folder(account: AccountId, region: Region, endpoint: str | None) -> str:
    if endpoint is None:
        return f"{account}-{region}"
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", endpoint.partition("://")[2] or endpoint)[:40]
    return f"{account}-{region}-{readable.strip('-.')}-{digest_of(endpoint)[:8]}"
