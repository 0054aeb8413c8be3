"""What preflight reads inside member accounts, through a role there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from orgrollout.aws import environment
from orgrollout.aws.member_accounts.posture import Looking as PostureLooking
from orgrollout.aws.transport.connection import ASSUME_ROLE, Connection
from orgrollout.errors import AccessDeniedError, AwsError, CredentialsError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.read import names_of
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen
from orgrollout.preflight.access import execution_role_of
from orgrollout.preflight.facts import RecorderFound, Role
from orgrollout.preflight.finding import Unknown
from orgrollout.preflight.recorders import RECORDING
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.reading.plan_request import Picture

T = TypeVar("T")


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
        self._stack_sets = context.stack_sets
        self._connection = context.connection
        self._role = looking.role
        self._external_id = looking.external_id
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
        home = self._connection.home_region
        return {
            (account, name): self._inside(Pair(account, home), environment.role, name)
            for account, name in sorted(wanted)
            if self._can_look(account)
        }

    def recorders(
        self, loaded: LoadedManifest, picture: Picture, places: Mapping[Pair, StackSetKey]
    ) -> Mapping[Pair, RecorderFound | Unknown]:
        """Return what there is of AWS Config in the chosen accounts that is not the stack set's."""
        return {
            pair: self._recorder(loaded.templates[key], picture, key, pair)
            for pair, key in sorted(places.items())
            if pair.account in self._chosen and self._can_look(pair.account)
        }

    def preconditions(
        self, wanted: Mapping[tuple[StackSetKey, Pair], tuple[PostureCheck, ...]]
    ) -> Mapping[tuple[StackSetKey, Pair], tuple[PostureSeen, ...] | Unknown]:
        """Return how what templates need first stands in the chosen accounts."""
        return {
            (key, pair): self._inside(pair, _look_at, checks)
            for (key, pair), checks in sorted(wanted.items(), key=lambda each: each[0])
            if pair.account in self._chosen and self._can_look(pair.account)
        }

    def _recorder(
        self, template: Template, picture: Picture, key: StackSetKey, pair: Pair
    ) -> RecorderFound | Unknown:
        found = self._inside(pair, environment.recorder)
        name = picture.desired.stack_sets[key].name
        deployed = picture.inventory.stack_sets.get(name)
        if isinstance(found, Unknown) or deployed is None or pair not in deployed.instances:
            return found
        if not (found.recorder or found.channel):
            return found
        instance = known(self._stack_sets.describe_instance, name, pair)
        if isinstance(instance, Unknown):
            return instance
        stack = instance.stack_id if instance else None
        return self._without_own(found, template, stack, pair) if stack else found

    def _without_own(
        self, found: RecorderFound, template: Template, stack: str, pair: Pair
    ) -> RecorderFound | Unknown:
        """Return what is there besides what the stack made."""
        own: set[str | None] = set()
        for name in names_of(template.body, RECORDING):
            made = self._inside(pair, environment.made_by, stack, name)
            if isinstance(made, Unknown):
                return made
            own.add(made)
        return RecorderFound(
            recorder="" if found.recorder in own else found.recorder,
            channel="" if found.channel in own else found.channel,
        )

    def _can_look(self, account: AccountId) -> bool:
        return self._role is not None or account == self._connection.identity.account

    def _inside(self, pair: Pair, ask: Callable[..., T], *arguments: object) -> T | Unknown:
        def there() -> T:
            connection = self._connection
            if pair.account != connection.identity.account or pair.region != connection.home_region:
                connection = connection.in_account(
                    pair.account, self._role or "", pair.region, external_id=self._external_id
                )
            return ask(connection, *arguments)

        def looked() -> T | Unknown:
            try:
                return there()
            except AccessDeniedError as error:
                creator = self._without_role.get(pair.account)
                if creator is None or error.api != ASSUME_ROLE:
                    raise
                return Unknown(
                    reason=f"role {self._role} could not be assumed in {pair.account}: stack set "
                    f"{creator} of the manifest has not created it there yet. Run `orgrollout "
                    "apply` first, or name a role that exists with --probe-role."
                )

        return known(looked)


def _look_at(connection: Connection, checks: tuple[PostureCheck, ...]) -> tuple[PostureSeen, ...]:
    looking = PostureLooking(connection)
    return tuple(looking.look(check) for check in checks)


def known(ask: Callable[..., T], *arguments: object) -> T | Unknown:
    """Return the answer, or why there is none. Broken credentials end everything."""
    try:
        return ask(*arguments)
    except CredentialsError:
        raise
    except AwsError as error:
        return Unknown(reason=str(error))
