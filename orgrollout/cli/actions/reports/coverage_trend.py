"""`coverage --trend`: the states at the end of each rollout, from the journal alone."""

from collections import Counter

from orgrollout.cli.actions.reports.coverage import Asked
from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.reconcile.reading.plan_request import Narrowing
from orgrollout.report.ledger.trend import Point, trend_blocks, trend_json, trend_sheet
from orgrollout.rollout.state.summary import RolloutSummary

MOST = 30  # rollouts, the newest: each is a ledger of its own to make
_FORMATS = ("text", "json", "csv", "markdown")


def trend(asked: Asked, reach: Reach, format_: str) -> int:
    """Show how many pairs were in which state at the end of each rollout."""
    _must_fit(asked, format_)
    screen = Screen(format_)
    loaded = load_manifest(asked.manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        narrowing = narrowing_of(asked.narrow, loaded, session.connection.home_region)
        known = session.client.rollouts_of(loaded)
        points = [_point(each, loaded, session, narrowing) for each in known[-MOST:]]
    if format_ == "csv":
        screen.sheet(trend_sheet(points))
    else:
        more = len(known) - len(points)
        screen.result(trend_blocks(points, more), trend_json(loaded.manifest.name, points, more))
    return DONE


def _must_fit(asked: Asked, format_: str) -> None:
    if format_ not in _FORMATS:
        raise WrongUsageError(
            f"--trend has no --format {format_}: numbers are neither passed nor failed. "
            f"One of {', '.join(_FORMATS)}."
        )
    besides = (asked.as_of, asked.states, asked.fail_on, asked.narrow.account, asked.narrow.ou)
    if any(besides):
        raise WrongUsageError(
            "--trend shows all states of all accounts at the end of each rollout: leave out "
            "--as-of, --diff, --state, --fail-on, --account and --ou. --stack-set and --region "
            "narrow it."
        )


def _point(
    rollout: RolloutSummary, loaded: LoadedManifest, session: Session, narrowing: Narrowing | None
) -> Point:
    ended = rollout.ended if rollout.phase.is_over else None
    found = session.client.past_coverage(loaded, ended)
    is_meant = narrowing(found.organization) if narrowing else None
    return Point(
        rollout=rollout.id,
        outcome=rollout.outcome,
        when=ended or session.connection.clock.now(),
        read=found.read.at if found.read else None,
        counts=Counter(
            row.state for row in found.rows if is_meant is None or is_meant(row.stack_set, row.pair)
        ),
    )
