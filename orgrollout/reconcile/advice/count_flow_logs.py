"""How many flow logs the stacks of a plan would make: by looking into their accounts now."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orgrollout.aws.member_accounts.posture import Looking
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.posture_checks import checks_for, counts_flow_logs
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.words import count
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.request import Request
from orgrollout.plan.model.flow_logs import CountedPair, FlowLogForecast
from orgrollout.plan.model.plan import MemberRole, Plan
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.registry import CHECKS
from orgrollout.posture.seen import PostureSeen
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import Answer, Answered, MemberAccounts

NO_ROLE = "the manifest names no role to look with: `drift: {probe_role: ...}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A stack of the plan that brings the runbook, and the check that counts."""

    stack_set: StackSetKey
    pair: Pair
    wave: int
    check: PostureCheck


def count_flow_logs(
    plan: Plan,
    loaded: LoadedManifest,
    request: Request,
    context: Context,
    progress: Callable[[str], None],
) -> FlowLogForecast:
    """Return what the runbooks that the plan creates or updates would make and replace.

    ``request`` is what the plan was made from. Nothing is sent but reads.

    Raises:
        MissingCredentialsError, InvalidCredentialsError: No credentials to look with.
    """
    places = sorted(_places(plan, loaded, request), key=lambda each: each.pair)
    if not places:
        return FlowLogForecast()
    drift = loaded.manifest.drift
    name = drift.probe_role or drift.resync_role
    members = MemberAccounts(
        context.connection.planning(),
        MemberRole(role=name, external_id=drift.external_id) if name else None,
        at_once=context.at_once,
        without_role=NO_ROLE,
    )
    if name:
        progress(_announcement(places, context.at_once))
    answers = members.map(places, _count, pair_of=lambda place: place.pair)
    return FlowLogForecast(pairs=tuple(_counted(place, answer) for place, answer in answers))


def _announcement(places: Sequence[_Place], at_once: int) -> str:
    where = count(len(places), "account and Region", "accounts and Regions")
    accounts = count(len({each.pair.account for each in places}), "account")
    calls = count(sum(CHECKS[each.check.name].calls for each in places), "call")
    return f"flow logs: looking at {where} in {accounts}, {at_once} at a time: about {calls}"


def _places(plan: Plan, loaded: LoadedManifest, request: Request) -> Iterator[_Place]:
    counting = {key for key, each in loaded.templates.items() if counts_flow_logs(each)}
    for operation, pair, _ in plan.changes():
        key = operation.stack_set
        if key not in counting or operation.action.removes:
            continue
        check = _check(loaded, request.desired[key], pair)
        if check is not None:
            yield _Place(stack_set=key, pair=pair, wave=operation.wave, check=check)


def _check(loaded: LoadedManifest, desired: DesiredStackSet, pair: Pair) -> PostureCheck | None:
    """Return the check that counts, with what the parameters of the stack will be."""
    overrides = desired.parameter_sets[desired.pairs[pair]]
    parameters = {**desired.definition.parameters, **overrides}
    checks = checks_for(loaded.templates[desired.key], parameters, pair, None)
    return next((each for each in checks if CHECKS[each.name].counts_flow_logs), None)


def _count(connection: Connection, place: _Place) -> PostureSeen:
    return Looking(connection).look(place.check, exceptions=False)


def _counted(place: _Place, answer: Answer[PostureSeen]) -> CountedPair:
    seen = answer.value if isinstance(answer, Answered) else None
    reason = seen.reason if seen is not None else getattr(answer, "reason", "")
    counts = seen.counts if seen is not None else None
    return CountedPair(
        stack_set=place.stack_set,
        pair=place.pair,
        wave=place.wave,
        starts=place.check.arguments.get("remediation", ""),
        counts=counts,
        reason="" if counts is not None else reason,
    )
