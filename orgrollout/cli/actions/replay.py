"""`sandbox replay`: a record is sent to a sandbox, and where its answers differ is shown."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.shared import Format
from orgrollout.cli.sandboxes import must_be_installed, sandbox_errors
from orgrollout.cli.terminal.files import create_file, is_there
from orgrollout.cli.terminal.screen import Screen
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.layout.words import count
from orgrollout.report.plan.as_text import FORMAT_VERSION

if TYPE_CHECKING:
    from orgrollout.sandbox.replay.replay import Found, Report


def replay(file: Path, format_: Format, *, url: str | None, organization: Path | None) -> int:
    """Replay a record; 3 where an answer differs. Or write the organization that it tells of."""
    if organization is not None and url is not None:
        raise WrongUsageError("--organization writes a file and replays nothing: leave out --url.")
    screen = Screen(format_)
    must_be_installed()
    with sandbox_errors():
        from orgrollout.sandbox.replay.record import load_record  # noqa: PLC0415 - an extra
        from orgrollout.sandbox.replay.replay import replay as run  # noqa: PLC0415

        record = load_record(file)
        if organization is not None:
            return _write_organization(record, organization, screen)
        with screen.working():
            report = run(record, url)
    screen.result(_blocks(report, file), _json(report))
    return FINDINGS if report.found else DONE


def _write_organization(record: Any, out: Path, screen: Screen) -> int:
    from orgrollout.sandbox.organization.starter import dump_organization  # noqa: PLC0415
    from orgrollout.sandbox.replay.organization import organization_of  # noqa: PLC0415

    if is_there(out):
        raise WrongUsageError(f"{out} exists, and was left alone. Choose another name.")
    text = dump_organization(organization_of(record), "The organization that a record tells of.")
    create_file(out, text.encode())
    screen.say(f"Wrote {out}. Replay in it: orgrollout sandbox start {out}")
    return DONE


def _blocks(report: "Report", file: Path) -> list[Block]:
    left_out = report.requests - report.compared
    more = f", {left_out:,} left out" if left_out else ""
    lines = [
        f"Replayed {count(report.requests, 'request')} of {file}: {report.compared:,} compared"
        f"{more}, {count(len(report.found), 'difference')}."
    ]
    lines += [f"taken for granted: role {role}" for role in report.roles]
    lines += [f"could not be made as it was: stack set {each}" for each in report.lacking]
    for request, found in groupby(report.found, lambda each: each.exchange.request):
        lines.append(f"request {request.number} {request.service}:{request.operation}")
        lines += _lines(found)
    return [Line(text=line) for line in lines]


def _lines(found: Iterator["Found"]) -> Iterator[str]:
    for each in found:
        told = each.difference
        place = f" {told.place}" if told.place else ""
        yield f"  {told.kind}{place}: recorded {told.recorded}; here {told.sandbox}"


def _json(report: "Report") -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "requests": report.requests,
        "compared": report.compared,
        "roles": report.roles,
        "lacking": report.lacking,
        "differences": [
            {
                "request": each.exchange.request.number,
                "service": each.exchange.request.service,
                "operation": each.exchange.request.operation,
                "kind": each.difference.kind.value,
                "place": each.difference.place,
                "recorded": each.difference.recorded,
                "sandbox": each.difference.sandbox,
            }
            for each in report.found
        ],
    }
