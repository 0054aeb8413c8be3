"""The results of operations in member accounts, noted in the history of findings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.history import Record, Records, came_back, not_there, refused, repaired
from orgrollout.model.cause import Cause
from orgrollout.model.ids import Digest, OperationId, Pair, StackSetName
from orgrollout.plan.model.repair import Repair, below
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.findings import change_history
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.state.decision import MemberAccountObservation, Observations
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import RolloutState

_LEFT_FOR_A_PERSON = (Cause.REFUSED, Cause.UNREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CompletedRepairs:
    """An operation that is over, and how its repairs ended."""

    id: OperationId
    repair: Repair
    ended: Mapping[Pair, NextStep]


def note_repairs(
    before: Rollout, after: RolloutState, seen: Observations, context: Context
) -> None:
    """Note the results of the operations that are over in ``after``, and their ids.

    To be called before ``after`` is committed: noting it twice changes nothing, and so a crash in
    between loses nothing. A stack set's history is written once, however many operations have
    ended.
    """
    under_way = {each.id for each in after.in_flight}
    ended: dict[StackSetName, list[_CompletedRepairs]] = defaultdict(list)
    for in_flight in before.state.in_flight:
        planned = before.plan.operations[in_flight.pending.planned]
        if planned.repair is not None and in_flight.id not in under_way:
            name = before.plan.stack_sets[planned.stack_set].name
            known = seen.member_accounts.get(in_flight.id, MemberAccountObservation()).ended
            ended[name].append(
                _CompletedRepairs(id=in_flight.id, repair=planned.repair, ended=known)
            )
    for name, completed in ended.items():
        change_history(context.journal, name, partial(_noted, completed, context.clock.now()))


def _noted(completed: Iterable[_CompletedRepairs], now: datetime, records: Records) -> Records:
    by_pair: dict[Pair, list[Digest]] = defaultdict(list)
    for key, record in records.items():
        by_pair[record.pair].append(key)
    for each in completed:
        for pair, end in each.ended.items():
            there = {key: records[key] for key in by_pair[pair]}
            mine = [key for key in there if _is_of(records[key], each.repair)]
            mine += _served(there, mine, each.repair)
            records = _with_end(records, mine, end, each.id, now)
    return records


def _with_end(
    records: Records, mine: list[Digest], end: NextStep, by: OperationId, now: datetime
) -> Records:
    """Return the records after one repair; where it failed, all is as it was."""
    if end.step is Step.SUCCEEDED:
        if end.cause is Cause.NOTHING_TO_REPAIR:
            return not_there(records, mine, now)
        return repaired(records, mine, by, now)
    if end.own is not None and end.cause is Cause.CAME_BACK:
        again = end.own.resources
        back = [key for key in mine if records[key].what in again]
        for_good = [key for key in mine if records[key].what not in again]
        return came_back(repaired(records, for_good, by, now), back, by, now)
    if end.left:  # what a call did not repair; all else that it was for is as it should be
        return repaired(records, [k for k in mine if records[k].subject not in end.left], by, now)
    if end.cause in _LEFT_FOR_A_PERSON:
        return refused(records, mine, end.reason, end.cause)
    return records


def _served(there: Records, mine: Iterable[Digest], repair: Repair) -> list[Digest]:
    """Return the findings of other checks that the same call makes true: of the same subjects.

    That the thing is there is proven; a rule goes on to fail until it is evaluated again.
    """
    subjects = {there[key].subject for key in mine} - {""}
    return [
        key
        for key, record in there.items()
        if record.kind is FindingKind.POSTURE
        and record.what in repair.serves
        and record.subject in subjects
        and record.gone is None
    ]


def _is_of(record: Record, repair: Repair) -> bool:
    if record.gone is not None:
        return False
    if repair.check is not None:
        is_meant = record.verdict.is_real and record.subject not in repair.keeps
        is_posture = record.kind is FindingKind.POSTURE
        return is_posture and is_meant and record.what == repair.check.label
    name = f"{record.what}{record.path}"
    return (
        record.kind is FindingKind.RESOURCE
        and record.what in repair.resources
        and not any(below(name, kept) for kept in repair.keeps)
    )
