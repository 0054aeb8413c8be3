"""Everything about one account: why it is in or out, what it has, and what a plan would do.

Asks for nothing that belongs to another account: one look at each stack set, and one at the
account's own stack instances in it, side by side.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from orgrollout.errors import OrgRolloutError
from orgrollout.inventory.inventory import StackSetInventory, open_questions
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.shown import MASKED
from orgrollout.model.stack_set import StackInstance
from orgrollout.organization.adoption import as_adopted
from orgrollout.organization.desired import DesiredStackSet, DesiredState
from orgrollout.organization.explain import (
    AccountAnswer,
    ParameterOrigins,
    accounts_called,
    explain_account,
)
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build.compare import state_digests
from orgrollout.plan.build.membership import Membership, membership_of
from orgrollout.plan.explain import (
    AccountExplained,
    Intention,
    RegionExplained,
    StackSetExplained,
    WaveOfAccount,
    definition_changes,
    intentions,
    only_of,
    refusals_of,
    waves_of,
)
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.process.garbage_collection import rarely_collected
from orgrollout.reconcile.process.parallel import spread
from orgrollout.reconcile.reading.organization_cache import known_organization
from orgrollout.reconcile.reading.plan_request import check_home_region


class NoSuchAccountError(OrgRolloutError):
    """The organization has no such account, or several. Nothing was changed."""


@rarely_collected()
def explain(
    loaded: LoadedManifest, context: Context, reference: str, region: Region | None
) -> AccountExplained:
    """Return why an account is in or out, what it has, and what a plan would do about it.

    ``reference`` is its id, its name, or what the manifest calls it.

    Raises:
        NoSuchAccountError: Nothing, or more than one account, is called so.
        ManifestError: The manifest does not fit the organization.
        AwsError: Something could not be read.
    """
    home = check_home_region(loaded, context)
    names = loaded.manifest.accounts

    def find(organization: Organization) -> AccountId | None:
        found = accounts_called(reference, organization, names)
        return found[0] if len(found) == 1 else None

    known = known_organization(context, find, loaded.manifest)
    account = find(known.organization)
    if account is None:
        raise NoSuchAccountError(_not_found(reference, known.organization, names))
    now = context.clock.now()
    desired = desired_stack_sets(loaded, known.organization, home_region=home, now=now)
    view = _View(
        loaded=loaded,
        context=context,
        organization=known.organization,
        desired=desired,
        origins=ParameterOrigins(loaded, known.organization, home_region=home, now=now),
        waves=waves_of(account, loaded.manifest, known.organization, desired.stack_sets),
        membership=membership_of(known.organization, loaded.manifest.guards),
        account=account,
        region=region,
    )
    answers = explain_account(desired, account)
    looked = spread(answers, view.stack_set, at_once=context.at_once)
    return AccountExplained(
        account=account,
        organization=known.organization,
        read=known.read,
        stack_sets=tuple(explained for _, explained in looked),
    )


def _not_found(reference: str, organization: Organization, names: Mapping[str, str]) -> str:
    several = accounts_called(reference, organization, names)
    if several:
        return f"several accounts are called {reference}: {', '.join(several)}. Use an id."
    known = {*names, *(a.name for a in organization.accounts.values())}
    hint = did_you_mean(reference, known, otherwise="Use a name or an id of twelve digits.")
    return f"organization {organization.id} has no account {reference}. {hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    loaded: LoadedManifest
    context: Context
    organization: Organization
    desired: DesiredState
    origins: ParameterOrigins
    waves: Mapping[StackSetKey, WaveOfAccount]
    membership: Membership
    account: AccountId
    region: Region | None

    def stack_set(self, answer: AccountAnswer) -> StackSetExplained:
        key = answer.stack_set
        everything = self.desired.stack_sets[key]
        desired = self._narrowed(only_of(everything, self.account))
        inventory = self._inventory(desired)
        if inventory is not None:
            desired = as_adopted(desired, inventory.deployed)
        manifest = self.loaded.manifest
        intended = intentions(desired, inventory, self.membership)
        return StackSetExplained(
            answer=answer,
            name=desired.name,
            exists=inventory is not None,
            wave=self.waves.get(key),
            regions=tuple(self._regions(desired, inventory, intended)),
            definition_changes=definition_changes(desired, inventory),
            refused=refusals_of(desired, everything, inventory, manifest, self.membership),
        )

    def _narrowed(self, desired: DesiredStackSet) -> DesiredStackSet:
        if self.region is None:
            return desired
        kept = {p: s for p, s in desired.pairs.items() if p.region == self.region}
        return replace(desired, pairs=kept)

    def _inventory(self, desired: DesiredStackSet) -> StackSetInventory | None:
        reads = self.context.stack_sets
        deployed = reads.describe(desired.name)
        if deployed is None:
            return None
        instances = {
            i.pair: i
            for i in reads.instances(desired.name, account=self.account, region=self.region)
        }
        states = state_digests(desired)
        wanted = {pair: states[chosen] for pair, chosen in desired.pairs.items()}
        questions = open_questions(instances, wanted)
        unapplied = frozenset(
            (operation, result.pair)
            for operation in questions.results
            for result in reads.failed_results(desired.name, operation)
        )
        # Only here are overrides to be seen, and for one account they are few.
        ask = instances if self.region else questions.describe
        for pair in ask:
            found = reads.describe_instance(desired.name, pair)
            if found is not None:
                instances[pair] = found
        return StackSetInventory(deployed=deployed, instances=instances, unapplied=unapplied)

    def _regions(
        self,
        desired: DesiredStackSet,
        inventory: StackSetInventory | None,
        intended: Mapping[Pair, Intention],
    ) -> Iterator[RegionExplained]:
        instances = inventory.instances if inventory else {}
        for pair, intention in intended.items():
            wanted = pair in desired.pairs
            yield RegionExplained(
                region=pair.region,
                intention=intention,
                deployed=self._masked(desired.key, instances.get(pair)),
                parameters=self.origins.of(desired.key, pair) if wanted else (),
            )

    def _masked(self, key: StackSetKey, instance: StackInstance | None) -> StackInstance | None:
        template = self.loaded.templates.get(key)
        if instance is None or not instance.overrides or template is None:
            return instance
        secret = {p.name for p in template.parameters.values() if p.no_echo}
        shown = {n: MASKED if n in secret else v for n, v in instance.overrides.items()}
        return replace(instance, overrides=shown)
