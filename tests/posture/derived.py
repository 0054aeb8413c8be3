"""What is written from the registry of checks: run as a module to write all of it again.

That is the table in docs/posture.md, and the statements of the roles that look and repair.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from orgrollout.aws.transport.reads import MEMBER
from orgrollout.posture.definition import Call, KnownCheck
from orgrollout.posture.registry import CHECKS, reads, repairs
from tests.paths import DOCS, ROOT

PAGE = DOCS / "posture.md"
TEMPLATES = (
    ROOT / "stacksets" / "resync-role.yaml",
    ROOT / "stacksets" / "account-roles.yaml",
)
_TABLE = re.compile(r"(?<=<!-- checks -->\n).*?(?=<!-- end of checks -->)", re.DOTALL)
_STATEMENTS = re.compile(
    r"(?P<begin> +# Posture (?P<what>reads|repairs), written by [^\n]*\n).*?"
    r"(?P<end> +# End of posture)",
    re.DOTALL,
)
_INDENT = " " * 14
_ELSEWHERE = {"iam"}  # preflight reads roles, which these roles need not


def with_table(page: str) -> str:
    """Return the page with the checks and their arguments as they are now."""
    return _TABLE.sub(lambda _: "\n".join(_table()) + "\n", page)


def with_statements(template: str) -> str:
    """Return a template with the statements for checks as they are now."""

    def written(match: re.Match[str]) -> str:
        statements = _reading() if match["what"] == "reads" else _repairing()
        return match["begin"] + "".join(f"{_INDENT}{s}\n" for s in statements) + match["end"]

    return _STATEMENTS.sub(written, template)


def _table() -> Iterator[str]:
    yield "| check | reads | ok | broken | unknown | repaired by |"
    yield "|---|---|---|---|---|---|"
    for check in CHECKS.values():
        calls = ", ".join(call.operation for call in check.reads)
        cells = (f"`{check.name}`", calls)
        states = (check.ok, check.broken, check.unknown)
        yield f"| {' | '.join((*cells, *states, _repaired(check)))} |"
    yield ""
    yield "Their arguments:"
    yield ""
    for check in CHECKS.values():
        yield f"- `{check.name}`"
        yield from (f"  - `{name}`: {field.description}" for name, field in check.fields.items())


def _repaired(check: KnownCheck[Any]) -> str:
    if check.repair is None:
        return f"no call: {check.advice}"
    return f"`{check.repair.call.api}` {check.repair.limits}".strip()


def _reading() -> Iterator[str]:
    known = {call.api: call for call in reads()}
    apis = {f"{service}:{n}" for service, names in MEMBER.items() for n in names}
    others = (api for api in apis - known.keys() if api.partition(":")[0] not in _ELSEWHERE)
    yield from _statements("LookAt", [*known.values(), *(Call(api=api) for api in others)])


def _repairing() -> Iterator[str]:
    yield from _statements("Repair", repairs())


def _statements(verb: str, calls: Iterable[Call]) -> Iterator[str]:
    by_resource: dict[str, set[str]] = {}
    for call in calls:
        by_resource.setdefault(call.resource, set()).add(call.iam_action)
    for resource, actions in sorted(by_resource.items()):
        yield f"- Sid: {verb}{_sid(resource)}"
        if not resource:
            yield "  # IAM knows no resource for these."
        yield "  Effect: Allow"
        yield "  Action:"
        yield from (f"    - {action}" for action in sorted(actions))
        yield f"  Resource: {_arn(resource)}"


def _sid(resource: str) -> str:
    """Return a name for a resource: `config:*:ACCOUNT:config-rule/*` is ConfigRule."""
    if not resource:
        return "Account"
    kind = resource.rpartition(":")[2].partition("/")[0]
    return "".join(part.title() for part in re.findall(r"\w+", kind)) or "Resources"


def _arn(resource: str) -> str:
    return f'!Sub "arn:${{AWS::Partition}}:{resource}"' if resource else '"*"'


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
    for each in TEMPLATES:
        _write(each, with_statements(each.read_text(encoding="utf-8")))
