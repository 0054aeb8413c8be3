"""Access to the sandbox's own paths.

A browser on this machine can be made to send requests to 127.0.0.1 by any page that it shows. So

- the Host must be this machine's own name (a page that had its name resolved to 127.0.0.1 sends
  that name);
- what changes something is no GET, and a POST bears ``content-type: application/json`` (a form
  cannot send that, and a script of another origin has to ask first, which is never granted);
- what changes something and comes from a browser (Origin, Sec-Fetch-Site, Referer) needs the token.

A server in the background (``sandbox start``) is shared by all users of the machine for as long as
it lives: there every change needs the token. One in the foreground (``sandbox serve``) ends with
its terminal, and takes changes from local programs that are no browser without it, unless it was
started with a token of its own.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105 - the name of a header
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_BROWSERS = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Referer")
READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not carried out."""

    status: int
    reason: str


def refusal(method: str, headers: Mapping[str, str], token: str, *, always: bool) -> Refusal | None:
    """Return why a request to a control path is refused, or None.

    ``always`` says that every change needs the token.
    """
    given = headers.get(TOKEN_HEADER)
    if given is not None:
        right = hmac.compare_digest(given.encode(), token.encode())
        return None if right else Refusal(403, f"{TOKEN_HEADER} is not this server's token")
    if not is_local(headers.get("Host")):
        return _needs_token("the Host is not this machine")
    if method in READS:
        return None
    if any(headers.get(name) is not None for name in _OF_BROWSERS):
        return _needs_token("the request comes from a browser")
    if method == "POST" and not _is_json(headers.get("Content-Type")):
        return Refusal(415, "a POST needs content-type: application/json")
    return _needs_token("this server takes no change without it") if always else None


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Return whether a page of another site had a browser send the request."""
    origin = headers.get("Origin")
    foreign = origin is not None and not is_local(urlsplit(origin).netloc)
    return foreign or headers.get("Sec-Fetch-Site") == "cross-site"


def is_local(host: str | None) -> bool:
    """Return whether a Host header names this machine."""
    if not host:
        return False
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False


def _is_json(content_type: str | None) -> bool:
    return (content_type or "").split(";", 1)[0].strip().lower() == "application/json"


def _needs_token(why: str) -> Refusal:
    return Refusal(
        403,
        f"{TOKEN_HEADER} is needed: {why}. `sandbox start` and `sandbox serve` print the token.",
    )
