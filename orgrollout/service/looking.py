"""Looking at a manifest again: plan it, and let it be carried out where its conditions say so.

An event only says that something may have changed. So everything is read and planned as if there
had been no event, and an event that comes twice, late, or in another order does no harm.
"""

from enum import StrEnum

from orgrollout.api import Client
from orgrollout.aws.executions import Executions
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import RolloutId
from orgrollout.model.logs import log_of
from orgrollout.plan.checks.plan_rules import with_opening_approval
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.auto_approval import let_pass
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, claims_of, give_order, load_rollout
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.reconcile.lifecycle.notify import tell_of_rollout
from orgrollout.reconcile.lifecycle.operator_orders import approved_state
from orgrollout.rollout.state.state import Phase
from orgrollout.service.earlier import (
    is_same,
    is_untouched,
    is_withdrawn,
    why_a_person,
    withdrawn,
)
from orgrollout.service.jobs import Job, Kind, ensure_execution

_LOG = log_of(__name__)


class Ending(StrEnum):
    """The result of one look at a manifest."""

    AS_WANTED = "nothing to do"
    STARTED = "approved by its conditions, and started"
    WAITS = "waits for an approval"
    BUSY = "left to the next look: a rollout is under way"
    STOPPED = "left to a person: a rollout of the same plan was stopped"


def look_at(loaded: LoadedManifest, client: Client, executions: Executions) -> str:
    """Plan a manifest, begin what is to be done, and return the `Ending`, with its reason.

    Nothing is sent before it is approved.

    Raises:
        PlanRefusedError: It would do harm.
        OrgRolloutError: Something could not be read. Nothing was begun.
    """
    waiting, busy = _under_way(loaded.manifest.name, client)
    if busy:
        return Ending.BUSY.value
    plan = client.plan(loaded)
    gated = with_opening_approval(plan)
    if waiting and (plan.is_empty or not is_same(waiting.plan, gated)):
        if not _withdraw(waiting.state.id, client):
            return Ending.BUSY.value
        waiting = None
    if plan.is_empty:
        return Ending.AS_WANTED.value
    begun = waiting or _begun(gated, client)
    if isinstance(begun, Ending):
        return begun.value
    return _let_go_on(loaded, gated, begun, client, executions)


def _under_way(manifest: str, client: Client) -> tuple[Rollout | None, bool]:
    """Return the rollout of which nothing was sent yet, and whether another one is open."""
    waiting, busy = None, False
    for summary in summaries(client.context.journal):
        if summary.manifest != manifest or summary.phase.is_over:
            continue
        rollout = load_rollout(client.context.journal, summary.id)
        state = rollout.state
        if is_untouched(rollout) and state.phase is Phase.WAITING and not state.approved:
            waiting = rollout
        else:
            busy = True
    return waiting, busy


def _withdraw(name: RolloutId, client: Client) -> bool:
    """Stop a rollout that still waits for its first approval; False: that is not so any more.

    What it was going to do is not what has to be done any more.
    """
    context = client.context
    stopped = give_order(
        context.journal,
        name,
        lambda current: withdrawn(current, context.clock.now()),
        context.said("stop: the plan is another by now"),
    )
    return is_withdrawn(stopped)


def _begun(plan: Plan, client: Client) -> Rollout | Ending:
    """Return the rollout that waits for its approval, or why there is none.

    It takes over from rollouts that sent nothing. One that a person stopped keeps what it has, as
    long as the same plan would be begun again.
    """
    journal = client.context.journal
    names = {*holders_of(journal, claims_of(plan)).values()}
    held = [load_rollout(journal, name) for name in sorted(names)]
    stopped = [r for r in held if is_untouched(r) and r.state.phase is Phase.STOPPED]
    for each in stopped:
        if is_same(each.plan, plan) and not is_withdrawn(each):
            _tell(each, client)
            return Ending.STOPPED
    try:
        return client.begin(plan, supersede=len(stopped) == len(held))
    except OpenRolloutError as error:
        _LOG.warning("left to the next look: %s", error)
        return Ending.BUSY


def _let_go_on(
    loaded: LoadedManifest, plan: Plan, rollout: Rollout, client: Client, executions: Executions
) -> str:
    """Approve a rollout where nothing speaks against the plan of now, and start it."""
    context, name = client.context, rollout.state.id
    passes, why = _let_pass(loaded, plan, rollout, client)
    if why:
        _LOG.info("waits for an approval: %s", why, extra={"rollout": name})
        _tell(rollout, client)
        return f"{Ending.WAITS}: {why}"
    give_order(
        context.journal,
        name,
        lambda current: approved_state(rollout, current, context),
        context.said(f"approve: {passes}"),
    )
    ensure_execution(Job(kind=Kind.ROLLOUT, name=name), context.journal, executions)
    return Ending.STARTED.value


def _let_pass(
    loaded: LoadedManifest, plan: Plan, rollout: Rollout, client: Client
) -> tuple[str, str]:
    """Return what lets a plan go on; or why it waits: its conditions, the one before, a freeze."""
    context = client.context
    context.connection.be_sure_of_the_time()
    passes, why = let_pass(plan, loaded.manifest, context.clock.now())
    why = why or why_a_person(rollout.state.id, context.journal)
    if why:
        return "", why
    until = client.frozen_until(plan)
    if until is not None:
        return "", f"no operation may start before {until:%Y-%m-%d %H:%M} UTC"
    return passes, ""


def _tell(rollout: Rollout, client: Client) -> None:
    tell_of_rollout(rollout, client.context, lambda text: _LOG.warning("%s", text))
