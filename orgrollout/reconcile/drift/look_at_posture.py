"""Looks at posture in all accounts that a manifest reaches: who has to look where, and at what.

Accounts are looked at side by side, each through one session; what several stack sets ask of the
same account and Region is read once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from orgrollout.aws.member_accounts.posture import Looking
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.finding import ACCESS, Finding, FindingKind, Verdict
from orgrollout.drift.history import Records
from orgrollout.drift.ignoring import with_accepted
from orgrollout.drift.posture_findings import SeenCheck, findings_of, without_old_news
from orgrollout.drift.posture_record import Checks, Look
from orgrollout.journal.errors import JournalError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.model.words import count
from orgrollout.plan.model.plan import MemberRole
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.posture.seen import PostureSeen, PostureState, ok, unknown
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.documents.posture import keep_look
from orgrollout.reconcile.drift.config_aggregator import Aggregator
from orgrollout.reconcile.drift.posture_checks import Chosen, Task, calls_of, checks_of, tasks_of
from orgrollout.reconcile.member_accounts.service import Answer, Answered, MemberAccounts
from orgrollout.reconcile.reading.plan_request import Picture

_SAID_EVERY = 100  # accounts
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """What was seen in one account, or why nothing was."""

    account: AccountId
    seen: tuple[SeenCheck, ...] = ()
    closed: str = ""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was seen of one stack set."""

    checks: dict[Pair, Checks] = field(default_factory=dict)
    counts: dict[Pair, FlowLogCounts] = field(default_factory=dict)

    def add(self, pair: Pair, counts: FlowLogCounts) -> None:
        self.counts[pair] = self.counts.get(pair, FlowLogCounts()) + counts

    def at(self, now: datetime) -> Look:
        """Return it as the journal keeps it."""
        return Look(
            when=now,
            ok=frozenset(pair for pair, checks in self.checks.items() if not checks),
            others={pair: checks for pair, checks in self.checks.items() if checks},
            counts=self.counts,
        )


def look_at_posture(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    progress: Progress,
    *,
    chosen: Chosen | None = None,
) -> tuple[Finding, ...] | None:
    """Return every check that is broken or unknown, where a stack instance exists.

    What a check is broken for, one by one, are findings of their own.

    ``chosen`` narrows what is looked at. What was found is kept in the journal, for `coverage`.
    An account that cannot be entered is one finding. None: no role is named to look with.

    Raises:
        MissingCredentialsError, InvalidCredentialsError: No credentials to look with.
    """
    tasks = tuple(tasks_of(loaded, picture, context, chosen))
    accounts = sorted({pair.account for task in tasks for pair in task.stacks})
    if not accounts:
        return ()
    drift = loaded.manifest.drift
    if drift.probe_role is None and drift.resync_role is None:
        progress("posture is not looked at: the manifest names no `drift: {probe_role: ...}`")
        return None
    progress(_announcement(tasks, len(accounts), context.at_once))
    visit = _Visit(loaded, context, tasks, progress)
    now = context.clock.now()
    rules = [rule for task in tasks for rule in task.desired.accepts]
    histories = {task.desired.key: _history(context, task) for task in tasks}
    findings: list[Finding] = []
    looked: dict[StackSetKey, _Looked] = defaultdict(_Looked)
    for seen in visit.accounts():
        found = replace(seen, seen=tuple(without_old_news(seen.seen, histories, now)))
        findings += with_accepted(rules, _findings(found, tasks, now))
        for key, pair, checks in _by_pair(found, tasks):
            looked[key].checks[pair] = checks
        for key, pair, counts in _counts(found):
            looked[key].add(pair, counts)
    for task in tasks:
        look = looked[task.desired.key].at(now)
        keep_look(context.journal, task.desired.name, look, progress)
    return tuple(sorted(findings, key=lambda f: (f.stack_set, f.pair, f.what, f.subject)))


def _history(context: Context, task: Task) -> Records:
    """Return what became of findings, as far as the journal can be read."""
    try:
        return history(context.journal, task.desired.name)
    except JournalError:
        return {}


def _announcement(tasks: tuple[Task, ...], accounts: int, at_once: int) -> str:
    pairs = sum(len(task.stacks) for task in tasks)
    return (
        f"posture: looking at {count(pairs, 'stack instance')} in {count(accounts, 'account')}, "
        f"{at_once} at a time: up to about {count(sum(map(calls_of, tasks)), 'call')}"
    )


class _Visit:
    """Looks into all accounts of the tasks."""

    def __init__(
        self,
        loaded: LoadedManifest,
        context: Context,
        tasks: tuple[Task, ...],
        progress: Progress,
    ) -> None:
        drift, home = loaded.manifest.drift, context.connection.planning()
        name = drift.probe_role or drift.resync_role
        self._members = MemberAccounts(
            home,
            MemberRole(role=name, external_id=drift.external_id) if name else None,
            at_once=context.at_once,
        )
        self._aggregator = Aggregator(home, drift.aggregator, progress)
        self._progress = progress
        self._tasks: dict[Pair, list[Task]] = defaultdict(list)
        for task in tasks:
            for pair in task.stacks:
                self._tasks[pair].append(task)

    def accounts(self) -> Iterator[_Account]:
        """Yield what is seen in each account, or why it cannot be looked at."""
        pairs = sorted(self._tasks)
        total = len({pair.account for pair in pairs})
        looked = self._members.map(pairs, self._look, pair_of=lambda pair: pair)
        by_account = groupby(looked, key=lambda each: each[0].account)
        for number, (account, answers) in enumerate(by_account, start=1):
            yield _account(account, [answer for _, answer in answers])
            if number % _SAID_EVERY == 0 or number == total:
                self._progress(f"posture: {number:,} of {total:,} accounts looked at")

    def _look(self, connection: Connection, pair: Pair) -> tuple[SeenCheck, ...]:
        looking, seen = Looking(connection), []
        for task in self._tasks[pair]:
            for check in checks_of(task, pair):
                is_known = self._aggregator.knows_ok(check, pair)
                state = ok("by the aggregator") if is_known else looking.look(check)
                key = task.desired.key
                seen.append(SeenCheck(stack_set=key, pair=pair, check=check, seen=state))
        return tuple(seen)


def _account(account: AccountId, answers: list[Answer[tuple[SeenCheck, ...]]]) -> _Account:
    """Return what was seen in all Regions of an account, or why one could not be looked at."""
    seen: list[SeenCheck] = []
    for answer in answers:
        if not isinstance(answer, Answered):
            return _Account(account=account, closed=answer.reason)
        seen += answer.value
    return _Account(account=account, seen=tuple(seen))


def _findings(found: _Account, tasks: tuple[Task, ...], now: datetime) -> Iterator[Finding]:
    if found.closed:
        key, pair = min(_wanted(found.account, tasks))
        yield Finding(
            stack_set=key,
            pair=pair,
            kind=FindingKind.POSTURE,
            what=ACCESS,
            verdict=Verdict.NOT_CHECKABLE,
            reason=f"no one could look into account {found.account}: {found.closed}",
            unseen=True,
        )
    for each in found.seen:
        yield from findings_of(each, now)


def _by_pair(
    found: _Account, tasks: tuple[Task, ...]
) -> Iterator[tuple[StackSetKey, Pair, Checks]]:
    """Yield the checks that are not ok for each stack instance of an account."""
    if found.closed:
        closed = unknown(f"no one could look into the account: {found.closed}")
        yield from ((key, pair, (("", closed),)) for key, pair in _wanted(found.account, tasks))
        return
    checks: dict[tuple[StackSetKey, Pair], list[tuple[str, PostureSeen]]] = defaultdict(list)
    for each in found.seen:
        checks[each.stack_set, each.pair].append((each.check.label, each.seen))
    for (key, pair), seen in checks.items():
        yield key, pair, tuple(each for each in seen if each[1].state is not PostureState.OK)


def _counts(found: _Account) -> Iterator[tuple[StackSetKey, Pair, FlowLogCounts]]:
    for each in found.seen:
        if each.seen.counts is not None:
            yield each.stack_set, each.pair, each.seen.counts


def _wanted(account: AccountId, tasks: tuple[Task, ...]) -> Iterator[tuple[StackSetKey, Pair]]:
    for task in tasks:
        yield from ((task.desired.key, pair) for pair in task.stacks if pair.account == account)
