"""What preflight reads in member accounts, through a role there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from orgrollout.aws import environment
from orgrollout.aws.member_accounts.posture import Looking as PostureLooking
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, CredentialsError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.declared import names_of
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import AccountId, Pair, StackSetKey, StackSetName
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.model.plan import MemberRole
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen
from orgrollout.preflight.access import execution_role_of
from orgrollout.preflight.facts import RecorderFound, Role
from orgrollout.preflight.finding import Unknown
from orgrollout.preflight.recorders import RECORDING
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import (
    Answered,
    Denied,
    MemberAccounts,
    Unreachable,
)
from orgrollout.reconcile.reading.plan_request import Picture

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How far preflight looks into member accounts."""

    role: str | None = None  # that may be assumed in them; none: the manifest's drift.probe_role
    external_id: str | None = None
    all_accounts: bool = False


class Members:
    """Looks into member accounts through one role."""

    def __init__(
        self,
        context: Context,
        looking: Looking,
        chosen: frozenset[AccountId],
        without_role: Mapping[AccountId, StackSetKey],
    ) -> None:
        """Look into the chosen accounts.

        ``without_role`` are the accounts in which a stack set of the manifest has yet to create
        the role, and which one does.
        """
        name, home = looking.role, context.connection
        self._accounts = MemberAccounts(
            home,
            MemberRole(role=name, external_id=looking.external_id) if name else None,
            at_once=context.at_once,
        )
        self._stack_sets = context.stack_sets
        self._home = Pair(home.identity.account, home.home_region)
        self._role = name
        self._without_role = without_role
        self._chosen = chosen

    def execution_roles(
        self, desired: Mapping[StackSetKey, DesiredStackSet]
    ) -> Mapping[tuple[AccountId, str], Role | Unknown]:
        """Return the execution roles of self-managed stack sets in the chosen accounts."""
        wanted = {
            (account, execution_role_of(d))
            for d in desired.values()
            if d.definition.permission_model is PermissionModel.SELF_MANAGED and not d.absent
            for account in d.accounts & self._chosen
        }

        def ask(connection: Connection, each: tuple[AccountId, str]) -> Role:
            return environment.role(connection, each[1])

        return self._known(wanted, ask, lambda each: Pair(each[0], self._home.region))

    def recorders(
        self, loaded: LoadedManifest, picture: Picture, places: Mapping[Pair, StackSetKey]
    ) -> Mapping[Pair, RecorderFound | Unknown]:
        """Return what there is of AWS Config in the chosen accounts that is not the stack set's."""

        def ask(connection: Connection, pair: Pair) -> RecorderFound | Unknown:
            key = places[pair]
            name = picture.desired.stack_sets[key].name
            deployed = picture.inventory.stack_sets.get(name)
            found = environment.recorder(connection)
            if deployed is None or pair not in deployed.instances:
                return found
            return self._others(connection, found, loaded.templates[key], name, pair)

        found = self._known(places, ask, lambda pair: pair)
        return {pair: each for pair, each in found.items() if pair.account in self._chosen}

    def seen(
        self, wanted: Mapping[tuple[StackSetKey, Pair], tuple[PostureCheck, ...]]
    ) -> Mapping[tuple[StackSetKey, Pair], tuple[PostureSeen, ...] | Unknown]:
        """Return how each check stands in the chosen accounts."""

        def ask(connection: Connection, place: tuple[StackSetKey, Pair]) -> tuple[PostureSeen, ...]:
            looking = PostureLooking(connection)
            return tuple(looking.look(check) for check in wanted[place])

        return self._known(wanted, ask, lambda place: place[1])

    def _others(
        self,
        connection: Connection,
        found: RecorderFound,
        template: Template,
        name: StackSetName,
        pair: Pair,
    ) -> RecorderFound | Unknown:
        """Return what is there besides what the stack made."""
        if not (found.recorder or found.channel):
            return found
        instance = known(self._stack_sets.describe_instance, name, pair)
        if isinstance(instance, Unknown) or instance is None or not instance.stack_id:
            return instance if isinstance(instance, Unknown) else found
        own = {
            environment.made_by(connection, instance.stack_id, each)
            for each in names_of(template.body, RECORDING)
        }
        return RecorderFound(
            recorder="" if found.recorder in own else found.recorder,
            channel="" if found.channel in own else found.channel,
        )

    def _known(
        self,
        items: Iterable[K],
        ask: Callable[[Connection, K], T | Unknown],
        pair_of: Callable[[K], Pair],
    ) -> Mapping[K, T | Unknown]:
        """Return the answers of the chosen accounts that can be looked into, or why there is none.

        Without a role only the caller's own account can be.
        """
        own = self._home.account
        can_look = [
            each
            for each in sorted(items, key=repr)
            if pair_of(each).account in self._chosen
            and (self._role is not None or pair_of(each).account == own)
        ]
        answers = self._accounts.map(can_look, ask, pair_of=pair_of)
        return {
            each: answer.value
            if isinstance(answer, Answered)
            else self._unknown(answer, pair_of(each).account)
            for each, answer in answers
        }

    def _unknown(self, answer: Unreachable | Denied, account: AccountId) -> Unknown:
        creator = self._without_role.get(account)
        if creator is None or not isinstance(answer, Denied) or not answer.at_entry:
            return Unknown(reason=answer.reason)
        return Unknown(
            reason=f"role {self._role} could not be assumed in {account}: stack set {creator} of "
            "the manifest has not created it there yet. Run `orgrollout apply` first, or name a "
            "role that exists with --probe-role."
        )


def known(ask: Callable[..., T], *arguments: object) -> T | Unknown:
    """Return the answer, or why there is none. Broken credentials end everything."""
    try:
        return ask(*arguments)
    except CredentialsError:
        raise
    except AwsError as error:
        return Unknown(reason=str(error))
