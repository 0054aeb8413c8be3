"""What a notice says to programs, whatever carries it."""

from typing import Any

from orgrollout.model.notice import Notice

FORMAT_VERSION = 1


def for_programs(notice: Notice) -> dict[str, Any]:
    """Return the facts of a notice, with the text that people get."""
    return {
        "format_version": FORMAT_VERSION,
        "event": notice.event.value,
        "manifest": notice.manifest,
        **notice.facts,
        "text": notice.text,
    }
