"""`status` and `rollouts`: what the journal knows, and what AWS says of what runs."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from orgrollout.cli.actions.rollout.follow import CODES
from orgrollout.cli.actions.rollout.next_steps import next_step
from orgrollout.cli.errors import DONE
from orgrollout.cli.options.filters import failure_filter
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.progress import Progress
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import AwsError, CredentialsError, PassingError
from orgrollout.journal.port import Journal
from orgrollout.model.ids import OperationId, StackSetName
from orgrollout.model.operation import OperationStatus
from orgrollout.reconcile.documents.rollout_events import Listener
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.tick.counting import OperationCounter
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.report.layout.blocks import Line
from orgrollout.report.layout.words import span
from orgrollout.report.rollout.as_json import rollout_json, rollouts_json
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.report.rollout.listed import rollouts_blocks
from orgrollout.rollout.operations.process_in_flight import is_repair
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.summary import RolloutSummary, summary_of
from orgrollout.rollout.state.view import RolloutView

_UNKNOWN = "UNKNOWN"  # AWS could not be asked
_INTERVAL = timedelta(seconds=2)


def status(name: str | None, narrow: Narrow, reach: Reach, format_: str, *, watch: bool) -> int:
    """Show one rollout; with ``watch``, until nothing happens by itself any more."""
    with open_session(reach, Screen(format_), read_only=True) as session:
        rollout = session.client.rollout(name)
        if watch:
            rollout = _watch(rollout, session)
        _show(rollout, narrow, session)
        return CODES[rollout.state.outcome] if watch else DONE


def list_rollouts(reach: Reach, format_: str) -> int:
    """List all rollouts of the journal."""
    screen = Screen(format_)
    with open_session(reach, screen, read_only=True) as session:
        journal, now = session.context.journal, session.context.clock.now()
        found = [_listed(journal, each) for each in summaries(journal)]
    screen.result(rollouts_blocks(found, now), rollouts_json(found, now))
    return DONE


def _listed(journal: Journal, found: RolloutSummary) -> tuple[RolloutSummary, RolloutView | None]:
    """Return a rollout in short, and, unless it is over, with its plan as it stands now."""
    if found.phase.is_over:
        return found, None
    rollout = load_rollout(journal, found.id)
    return summary_of(rollout.state), RolloutView(rollout.plan, rollout.state)


def _show(rollout: Rollout, narrow: Narrow, session: Session) -> None:
    plan, state, screen = rollout.plan, rollout.state, session.screen
    chosen = failure_filter(narrow, plan, session.connection)
    seen, now = dict(_seen(rollout, session)), session.context.clock.now()
    statuses = {id_: _UNKNOWN if isinstance(s, AwsError) else s for id_, s in seen.items()}
    screen.result(
        [
            *rollout_blocks(plan, state, now, chosen=chosen, calls=session.debug),
            *_running(rollout, seen, session),
        ],
        rollout_json(plan, state, now, statuses, chosen=chosen),
    )
    if hint := next_step(rollout, session):
        screen.say(hint)


def _seen(rollout: Rollout, session: Session) -> Iterator[tuple[OperationId, str | AwsError]]:
    """Yield what AWS says of each operation under way, or why it does not: one call each.

    An outage is met once, and not by each operation again. The journal is shown in any case.
    Member accounts are not asked here. Work may have begun in some of them and not in others.
    """
    outage: AwsError | None = None
    for in_flight in rollout.state.in_flight:
        if is_repair(rollout.plan, in_flight):
            yield in_flight.id, OperationStatus.RUNNING.value
            continue
        key = rollout.plan.operations[in_flight.pending.planned].stack_set
        said = outage or _status_of(rollout.plan.stack_sets[key].name, in_flight.id, session)
        outage = said if isinstance(said, CredentialsError | PassingError) else None
        yield in_flight.id, said


def _status_of(name: StackSetName, operation: OperationId, session: Session) -> str | AwsError:
    try:
        found = session.planning.stack_sets.describe_operation(name, operation)
    except AwsError as error:
        return error
    return found.status.value if found else "NOT STARTED"


def _running(
    rollout: Rollout, seen: Mapping[OperationId, str | AwsError], session: Session
) -> Iterator[Line]:
    now = session.context.clock.now()
    for in_flight in rollout.state.in_flight:
        operation = rollout.plan.operations[in_flight.pending.planned]
        age = span(now - in_flight.committed)
        is_there = is_repair(rollout.plan, in_flight)
        how = (
            "it goes on in member accounts" if is_there else _how(in_flight.id, seen[in_flight.id])
        )
        yield Line(
            text=f"under way: wave {operation.wave}  {operation.stack_set}  {operation.action} "
            f"{len(in_flight.pending.pairs):,}, for {age}; {how}"
        )


def _how(operation: OperationId, said: str | AwsError) -> str:
    if isinstance(said, AwsError):
        return f"what became of {operation} is not known, since AWS could not be asked: {said}"
    return f"AWS says {said}"


def _watch(rollout: Rollout, session: Session) -> Rollout:
    """Return the rollout when nothing happens by itself any more, telling all that happens.

    How it stands is shown at once; then what any process does to it, as the journal has it.
    """
    context, screen = session.context, session.screen
    if _is_at_rest(rollout):
        return rollout
    listener = Listener(rollout.state.id)
    listener.catch_up(context.journal)
    now = context.clock.now()
    screen.show(rollout_blocks(rollout.plan, rollout.state, now))
    counter = OperationCounter(session.planning)
    with Progress(screen, rollout, context.clock, session.options, counter) as progress:
        while not _is_at_rest(rollout):
            events = listener.catch_up(context.journal)
            progress.follow(Tick(rollout=rollout, events=events, wake_after=_INTERVAL))
            context.clock.sleep(_INTERVAL)
            rollout = load_rollout(context.journal, rollout.state.id)
        events = listener.catch_up(context.journal)
        progress.follow(Tick(rollout=rollout, events=events, wake_after=None))
    return rollout


def _is_at_rest(rollout: Rollout) -> bool:
    return rollout.state.phase.is_over or rollout.state.phase is Phase.WAITING
