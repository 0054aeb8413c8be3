"""Looking at a manifest again: plan it, and let it be carried out where its conditions say so.

An event only says that something may have changed. So everything is read and planned as if there
had been no event, and an event that comes twice, late, or in another order does no harm.
"""

from dataclasses import replace
from enum import StrEnum

from orgrollout.api import Client
from orgrollout.aws.executions import Executions
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import RolloutId
from orgrollout.model.logs import log_of
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.auto_approval import why_not_approved, with_opening_approval
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import (
    Rollout,
    claims_of,
    give_order,
    load_rollout,
    rollout_states,
)
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.reconcile.lifecycle.operator_orders import approved_state
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.state.state import Phase
from orgrollout.service.jobs import Job, Kind, ensure_execution

_LOG = log_of(__name__)
_TICKS_TO_STOP = 5


class Ending(StrEnum):
    """The result of one look at a manifest."""

    AS_WANTED = "nothing to do"
    STARTED = "approved by its conditions, and started"
    WAITS = "waits for an approval"
    BUSY = "left to the next look: a rollout is under way"


def look_at(loaded: LoadedManifest, client: Client, executions: Executions) -> Ending:
    """Plan a manifest, and begin what is to be done. Nothing is sent before it is approved.

    Raises:
        PlanRefusedError: It would do harm.
        OrgRolloutError: Something could not be read. Nothing was begun.
    """
    waiting, busy = _under_way(loaded.manifest.name, client)
    if busy:
        return Ending.BUSY
    plan = client.plan(loaded)
    gated = with_opening_approval(plan)
    if waiting and (plan.is_empty or waiting.plan.fingerprint != gated.fingerprint):
        if not _withdrawn(waiting.state.id, client):
            return Ending.BUSY
        waiting = None
    if plan.is_empty:
        return Ending.AS_WANTED
    begun = waiting or _begun(gated, client)
    return Ending.BUSY if begun is None else _let_go_on(loaded, begun, client, executions)


def _under_way(manifest: str, client: Client) -> tuple[Rollout | None, bool]:
    """Return the rollout of which nothing was sent yet, and whether another one is open."""
    waiting, busy = None, False
    for state in rollout_states(client.context.journal):
        if state.manifest != manifest or state.phase.is_over:
            continue
        rollout = load_rollout(client.context.journal, state.id)
        if is_untouched(rollout) and state.phase is Phase.WAITING and not state.approved:
            waiting = rollout
        else:
            busy = True
    return waiting, busy


def is_untouched(rollout: Rollout) -> bool:
    """Return whether a rollout of the service has sent nothing: it never passed its opening."""
    state = rollout.state
    nothing = not (state.completed or state.in_flight or state.withdrawn or state.made)
    return rollout.plan.opens_with_approval and state.wave == 0 and nothing


def _withdrawn(name: RolloutId, client: Client) -> bool:
    """Stop a rollout that still waits for its first approval; False: it was approved meanwhile.

    What it was going to do is not what has to be done any more.
    """

    def stop(current: Rollout) -> Phase:
        untouched = is_untouched(current) and not current.state.approved
        return Phase.STOPPING if untouched else current.state.phase

    context = client.context
    stopped = give_order(
        context.journal,
        name,
        lambda current: replace(current.state, phase=stop(current)),
        context.said("stop: the plan is another by now"),
    )
    for _ in range(_TICKS_TO_STOP):
        if stopped.state.phase is not Phase.STOPPING:
            break
        stopped = tick(name, context).rollout
    return stopped.state.phase is Phase.STOPPED


def _begun(plan: Plan, client: Client) -> Rollout | None:
    """Return the rollout that waits for its approval; None: another one holds a stack set."""
    journal = client.context.journal
    held = [
        load_rollout(journal, each) for each in {*holders_of(journal, claims_of(plan)).values()}
    ]
    ours = all(is_untouched(each) and each.state.phase is Phase.STOPPED for each in held)
    try:
        return client.begin(plan, supersede=ours)
    except OpenRolloutError as error:
        _LOG.warning("left to the next look: %s", error)
        return None


def _let_go_on(
    loaded: LoadedManifest, rollout: Rollout, client: Client, executions: Executions
) -> Ending:
    """Approve a rollout where the conditions of its manifest hold for its plan, and start it."""
    context = client.context
    name = rollout.state.id
    context.connection.be_sure_of_the_time()
    why = why_not_approved(rollout.plan, loaded.manifest.service.auto_approve, context.clock.now())
    if why:
        _LOG.info("waits for an approval: %s", why, extra={"rollout": name})
        return Ending.WAITS
    give_order(
        context.journal,
        name,
        lambda current: approved_state(rollout, current, context),
        context.said("approve: every condition of service.auto_approve holds"),
    )
    ensure_execution(Job(kind=Kind.ROLLOUT, name=name), context.journal, executions)
    return Ending.STARTED
