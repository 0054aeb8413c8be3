"""`protection`: policies against tampering, as text, as JSON, or one alone to be attached."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from orgrollout.bootstrap.protected import protected_by
from orgrollout.bootstrap.protection import (
    LIMIT,
    Protected,
    as_text,
    resource_control_policy,
    service_control_policy,
)
from orgrollout.cli.errors import DONE, ProtectionError, WrongUsageError
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.plan.as_text import FORMAT_VERSION

Kind = Literal["scp", "rcp"]
_ROLE = re.compile(r"[A-Za-z0-9_+=,.@-][A-Za-z0-9_+=,.@/*-]{0,511}")
_NAMES = {"scp": "service control policy", "rcp": "resource control policy"}


def protection(
    manifest: Path, format_: str, *, exempt: tuple[str, ...], every_rule: bool, only: Kind | None
) -> int:
    """Print both policies, or one alone. Nothing is attached.

    Raises:
        ProtectionError: No policy can be written for this manifest.
        WrongUsageError: An exempt role is none, or would exempt every role.
    """
    for name in exempt:
        if not _ROLE.fullmatch(name):
            raise WrongUsageError(
                f"--exempt: no role is called `{name}`. Give a name, with its path if it has one "
                "and * for a part of it, and no ARN; it cannot begin with *."
            )
    loaded = load_manifest(manifest)
    what = protected_by(loaded, break_glass=exempt, every_rule=every_rule)
    _check_names(manifest, what)
    policies = {"scp": service_control_policy(what), "rcp": resource_control_policy(what)}
    for kind, policy in policies.items():
        _check_size(kind, policy)
    screen = Screen(format_)
    if only is not None:
        screen.raw(as_text(policies[only]))
    else:
        screen.result(_blocks(what, policies), _json(policies))
    return DONE


def _check_names(manifest: Path, what: Protected) -> None:
    if not what.prefixes:
        raise ProtectionError(
            f"{manifest}: no stack set uses a template that comes along, so that there is nothing "
            "whose names are known. Write policies for your own templates."
        )
    unknown = [prefix for prefix in what.prefixes if "${" in prefix]
    if unknown:
        raise ProtectionError(
            f"{manifest}: NamePrefix is {unknown[0]}, which is known only when it is deployed. "
            "Write the prefix itself."
        )


def _check_size(kind: str, policy: Mapping[str, Any]) -> None:
    size = len(as_text(policy))
    if size > LIMIT:
        raise ProtectionError(
            f"the {_NAMES[kind]} has {size:,} characters, and AWS takes {LIMIT:,}. Exempt fewer "
            "roles, leave out --every-rule, or use one NamePrefix."
        )


def _blocks(what: Protected, policies: Mapping[str, Mapping[str, Any]]) -> Iterator[Block]:
    for kind, policy in policies.items():
        size = f"{len(as_text(policy)):,} of {LIMIT:,} characters"
        yield Line(text=f"{_NAMES[kind]} ({size})", style="bold")
        yield Sheet(
            headers=("  statement", "denied"),
            rows=tuple((f"  {s['Sid']}", ", ".join(s["Action"])) for s in policy["Statement"]),
        )
    yield from (Line(text=text) for text in _remarks(what))


def _remarks(what: Protected) -> Iterator[str]:
    if not what.break_glass:
        yield "No role is exempt but those of orgrollout: --exempt ROLE names the break-glass role."
    if not what.records:
        yield "No recorder is ours: recording is not protected."
    if not what.every_rule:
        yield "Rules of AWS Config are not protected: no policy can name one (--every-rule)."
    yield "Nothing was attached. --only scp and --only rcp print what AWS Organizations takes."


def _json(policies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "policies": [
            {
                "type": _NAMES[kind].upper().replace(" ", "_"),
                "characters": len(as_text(policy)),
                "limit": LIMIT,
                "policy": policy,
            }
            for kind, policy in policies.items()
        ],
    }
