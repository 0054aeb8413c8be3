"""Asks the CloudTrail of member accounts who changed what was found.

Each account and Region is asked for all of its findings at once, side by side with the others. What
CloudFormation changed is asked for once more: for which stack.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.finding import Finding, Verdict
from orgrollout.drift.history import Record
from orgrollout.drift.who.answer import ChangedBy, Known
from orgrollout.drift.who.choose import (
    Stacks,
    change_of,
    choose,
    concerns,
)
from orgrollout.drift.who.event import Event
from orgrollout.drift.who.sought import Sought, sought_of
from orgrollout.errors import AccessDeniedError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Digest, Pair
from orgrollout.model.words import count
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.drift.read_trail import TrailRead, TrailReading, stacks_there
from orgrollout.reconcile.member_accounts.service import (
    Answered,
    Denied,
    MemberAccounts,
    Unreachable,
)
from orgrollout.reconcile.reading.plan_request import Picture

Progress = Callable[[str], None]
Records = Mapping[Digest, Record]
_ASKED = frozenset(Verdict) - {Verdict.NOT_CHECKABLE, Verdict.SUSPECT}  # real, or accepted
LOOK_UP = "cloudtrail:LookupEvents"
NO_ROLE = "the manifest names no `drift: {probe_role: ...}` to look into accounts with"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One finding, and what is sought for it."""

    finding: Finding
    sought: Sought


class WhoChanged:
    """Asks who changed what was found, in one organization."""

    def __init__(
        self, loaded: LoadedManifest, picture: Picture, context: Context, progress: Progress
    ) -> None:
        drift, home = loaded.manifest.drift, context.connection.planning()
        self._role = drift.probe_role or drift.resync_role
        self._members = MemberAccounts(
            home,
            MemberRole(role=self._role, external_id=drift.external_id) if self._role else None,
            at_once=context.at_once,
            without_role=NO_ROLE,
        )
        named = (drift.probe_role, drift.resync_role)
        self._ours = tuple(role.rpartition("/")[2] for role in named if role)
        self._home = Pair(home.identity.account, home.home_region)
        self._partition = home.identity.partition
        self._picture = picture
        self._now = context.clock.now()
        self._progress = progress

    def ask(self, findings: Iterable[Finding], records: Records) -> dict[Digest, ChangedBy]:
        """Return an answer for each finding that is real or accepted, unless one is known.

        Found, not found, or why it is not known.

        Raises:
            MissingCredentialsError, InvalidCredentialsError: No credentials to look with.
        """
        answers: dict[Digest, ChangedBy] = {}
        questions: list[_Question] = []
        for finding in findings:
            record = records.get(finding.key)
            if finding.verdict not in _ASKED or _is_known(record, finding):
                continue
            sought = self._sought(finding, record.repaired if record else None)
            if isinstance(sought, str):
                answers[finding.key] = self._not_known(sought)
            else:
                questions.append(_Question(finding=finding, sought=sought))
        reads, failed = self._read(questions)
        stacks = self._stacks(questions, reads)
        found = {
            each.finding.key: self._answer(reads[each.finding.key], stacks)
            for each in questions
            if each.finding.key in reads
        }
        return {**answers, **failed, **found}

    def _sought(self, finding: Finding, repaired: datetime | None) -> Sought | str:
        desired = self._picture.desired.stack_sets[finding.stack_set]
        inventory = self._picture.inventory.stack_sets.get(desired.name)
        instance = inventory.instances.get(finding.pair) if inventory else None
        return sought_of(
            finding,
            name=desired.name,
            partition=self._partition,
            now=self._now,
            repaired=repaired,
            stack_id=(instance.stack_id or "") if instance else "",
        )

    def _read(
        self, questions: Sequence[_Question]
    ) -> tuple[dict[Digest, TrailRead], dict[Digest, ChangedBy]]:
        """Return the events of each question, and the answer where they could not be read."""
        by_place: dict[Pair, list[_Question]] = defaultdict(list)
        for question in questions:
            by_place[question.sought.place].append(question)
        if questions:
            asked = count(len(questions), "finding")
            where = count(len(by_place), "account and Region", "accounts and Regions")
            self._progress(f"asking the CloudTrail of {where} who changed {asked}")

        def read(connection: Connection, place: Pair) -> tuple[TrailRead, ...]:
            wanted = [question.sought for question in by_place[place]]
            return tuple(TrailReading(connection, wanted, self._ours).all())

        reads: dict[Digest, TrailRead] = {}
        failed: dict[Digest, ChangedBy] = {}
        for place, answer in self._members.map(sorted(by_place), read, pair_of=lambda p: p):
            keys = [question.finding.key for question in by_place[place]]
            if isinstance(answer, Answered):
                reads |= dict(zip(keys, answer.value, strict=True))
            else:
                failed |= dict.fromkeys(keys, self._not_known(self._why(answer, place)))
        return reads, failed

    def _stacks(self, questions: Sequence[_Question], reads: Mapping[Digest, TrailRead]) -> Stacks:
        """Return for which stacks CloudFormation made its requests, as far as that is known."""
        by_place: dict[Pair, dict[str, Event]] = defaultdict(dict)
        for question in questions:
            read = reads.get(question.finding.key)
            if read is None:
                continue
            for event in read.events:
                if event.is_by_cloudformation and concerns(event, read.sought):
                    by_place[question.finding.pair][event.id] = event

        def read_stacks(connection: Connection, place: Pair) -> Stacks:
            return stacks_there(connection, list(by_place[place].values()))

        found: dict[str, tuple[str, ...]] = {}
        for _, answer in self._members.map(sorted(by_place), read_stacks, pair_of=lambda p: p):
            if isinstance(answer, Answered):
                found |= answer.value
        return found

    def _answer(self, read: TrailRead, stacks: Stacks) -> ChangedBy:
        sought = read.sought
        chosen = choose(read.events, sought, self._ours, stacks)
        change = change_of(chosen.event, sought, self._ours, stacks) if chosen else None
        return ChangedBy(
            known=Known.FOUND if chosen else Known.NOT_FOUND,
            asked=self._now,
            change=change,
            is_sure=chosen.is_sure if chosen else True,
            others=chosen.others if chosen else 0,
            since=read.since,
            until=sought.until,
            is_whole=read.is_whole,
        )

    def _not_known(self, why: str) -> ChangedBy:
        return ChangedBy(known=Known.NOT_KNOWN, asked=self._now, why=why)

    def _why(self, answer: Unreachable | Denied, place: Pair) -> str:
        """Return why events could not be read, and what helps."""
        if isinstance(answer, Unreachable):
            return f"CloudTrail did not answer: {answer.reason}"
        is_denied = isinstance(answer.error, AccessDeniedError) and not answer.at_entry
        if is_denied and self._role is not None and place != self._home:
            return (
                f"no permission: the role {self._role} may not call {LOOK_UP} there. "
                "Roll out the newest `builtin:resync-role` or `builtin:account-roles`, or allow it "
                "in your own role, and see that no service control policy denies it"
            )
        looked = "no one could look into the account: " if answer.error and answer.at_entry else ""
        return f"{looked}{answer.reason}"


def _is_known(record: Record | None, finding: Finding) -> bool:
    known = record.changed_by if record is not None else None
    return known is not None and known.settles(finding.looked)
