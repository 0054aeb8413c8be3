"""One stack set of the manifest as it is wanted: where it goes, with what, and why not there."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.once_only import once_only
from orgrollout.manifest.schema import Block, OnProblem, Targets
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import AccountId, Digest, Pair, Region, StackSetKey
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.model.stack_set import OWNER_TAG, PermissionModel, StackSetDefinition
from orgrollout.organization.acceptances import acceptances
from orgrollout.organization.desired import DesiredStackSet, LeftOut, LeftOutState
from orgrollout.organization.findings import Findings
from orgrollout.organization.notes import notes_of
from orgrollout.organization.pairs import PairTable
from orgrollout.organization.parameters import (
    Override,
    OverrideReader,
    ParameterSets,
    check_substituted,
    own_parameters,
    substituted,
    values_for,
)
from orgrollout.organization.regions import RegionNames, StackSetRegions
from orgrollout.organization.selection import Selector
from orgrollout.organization.snapshot import Organization
from orgrollout.organization.targets import Reach, Targeting, reach
from orgrollout.organization.tree import OrganizationTree

_ABSENT = LeftOut(state=LeftOutState.OUT_OF_SCOPE, reason="the stack set is `state: absent`")


class StackSetResolver:
    """Resolves the stack sets of one manifest, sharing what they have in common."""

    def __init__(
        self,
        loaded: LoadedManifest,
        organization: Organization,
        *,
        home_region: Region,
        now: datetime,
        findings: Findings,
    ) -> None:
        self._loaded = loaded
        self._manifest = loaded.manifest
        self._organization = organization
        self._findings = findings
        self._pairs = PairTable()
        self._regions = RegionNames(loaded, organization, home_region, findings)
        tree = OrganizationTree(organization)
        self._now = now
        self._selector = Selector(loaded, tree, self._regions, findings, now)
        self._values = values_for(loaded, organization, home_region)
        self._overrides = OverrideReader(loaded, self._selector, self._regions, self._values)

    def desired(self, key: StackSetKey) -> DesiredStackSet:
        """Return one stack set as the manifest wants it, its dependencies not yet judged."""
        if self._manifest.stack_sets[key].state == "absent":
            return self._absent(key)
        check_substituted(self._loaded, key, self._values, self._findings)
        reports = self._findings.reports
        targeting = self._targeting(key)
        reached = reach(targeting, self._selector, self._organization)
        overrides = self.overrides(key, targeting.regions)
        parameter_sets = ParameterSets(overrides)
        pairs: dict[Pair, Digest] = {}
        left_out_pairs: dict[Pair, LeftOut] = {}
        for account, row in reached.rows.items():
            digests = parameter_sets.of(account, row.regions)
            pairs.update(zip(self._pairs.of(account, row.regions), digests, strict=True))
            if row.left_out:
                gone = self._pairs.of(account, (region for region, _ in row.left_out))
                left_out_pairs.update(zip(gone, (why for _, why in row.left_out), strict=True))
        if self._findings.reports == reports:
            self._check(key, reached, pairs, overrides)
        stack_set = self._manifest.stack_sets[key]
        once = once_only(
            self._loaded.templates[key],
            sorted({pair.region for pair in pairs}),
            self.own_parameters(key),
            accounts=sorted({pair.account for pair in pairs}),
            open_parameters=self._loaded.overridden(key),
        )
        return DesiredStackSet(
            key=key,
            name=self._loaded.stack_set_name(key),
            once=once if _is_twice_in_an_account(pairs) else replace(once, in_account=()),
            definition=self._definition(key),
            pairs=pairs,
            parameter_sets=parameter_sets.sets,
            regions=targeting.regions.regions,
            rules=reached.rules,
            left_out=reached.left_out,
            left_out_pairs=left_out_pairs,
            retain_stacks=self._retains(key),
            adopt=stack_set.adopt,
            imports=self._imports(key, pairs),
            accepts=tuple(acceptances(self._loaded, key, self._selector, self._now)),
            auto_deployment=stack_set.auto_deployment,
            managed_execution=stack_set.managed_execution,
            notes=notes_of(self._loaded.templates[key].metadata, targeting.regions, pairs),
        )

    def check_waves(self) -> None:
        """Report units and accounts of waves that the organization does not have."""
        for index, wave in enumerate(self._manifest.rollout.waves):
            block = Block(
                organizational_units=wave.organizational_units,
                accounts=wave.accounts,
                tags=wave.tags,
            )
            self._selector.check(block, ("rollout", "waves", index))

    def check_rules(self) -> None:
        """Report units of rules on plans that the organization does not have.

        A rule that refuses, and names a unit that there is not, would never hold.
        """
        known = {unit.path for unit in self._organization.units.values()}
        for index, rule in enumerate(self._manifest.guards.rules):
            for place, unit in enumerate(rule.units or ()):
                if (unit.rstrip("/") or "/") not in known:
                    self._findings.report(
                        self._manifest.guards.on_missing_target,
                        ("guards", "rules", index, "units", place),
                        f"there is no organizational unit with the path `{unit}`.",
                        did_you_mean(unit, known, otherwise="Write a path such as /Workloads."),
                    )

    def overrides(self, key: StackSetKey, regions: StackSetRegions) -> tuple[Override, ...]:
        """Return the overrides of a stack set that goes to ``regions``, in order."""
        return self._overrides.read(key, regions.regions)

    def regions(self, key: StackSetKey) -> StackSetRegions:
        """Return where a stack set may go."""
        return self._regions.of_stack_set(key)

    def own_parameters(self, key: StackSetKey) -> dict[str, str]:
        """Return the parameters of the stack set itself, without overrides."""
        return own_parameters(self._loaded, key, self._values)

    def targets(self, key: StackSetKey) -> tuple[Targets, FieldPath]:
        """Return a stack set's own targets, else the manifest's, else none; and their place."""
        own = self._manifest.stack_sets[key].targets
        if own is not None:
            return own, ("stack_sets", key, "targets")
        return self._manifest.targets or Targets(), ("targets",)

    def _targeting(self, key: StackSetKey) -> Targeting:
        targets, path = self.targets(key)
        regions = self.regions(key)
        for index, block in enumerate(targets.include):
            place: FieldPath = (*path, "include", index, "regions")
            # A block written for this stack set alone can only mean its Regions; a shared one
            # narrows each stack set's own.
            if block.regions and self._loaded.written(place)[:2] == ("stack_sets", key):
                self._regions.must_be_among(regions.regions, block.regions, place)
        return Targeting(
            key=key,
            targets=targets,
            path=path,
            regions=regions,
            permission_model=self._manifest.stack_sets[key].permission_model,
            gaps=self._loaded.templates[key].metadata.region_gaps,
        )

    def _definition(self, key: StackSetKey) -> StackSetDefinition:
        stack_set = self._manifest.stack_sets[key]
        return StackSetDefinition(
            template_body=self._loaded.templates[key].body,
            parameters={**self._defaults(key), **self.own_parameters(key)},
            description=stack_set.description,
            capabilities=self._loaded.capabilities(key),
            tags={**substituted(stack_set.tags, self._values), OWNER_TAG: self._manifest.name},
            permission_model=stack_set.permission_model,
            administration_role_arn=stack_set.administration_role_arn,
            execution_role_name=stack_set.execution_role_name,
            managed_execution=bool(stack_set.managed_execution),
        )

    def _defaults(self, key: StackSetKey) -> dict[str, str]:
        # Sent although CloudFormation knows them: what an omitted parameter means in an update is
        # not documented, and a description that lists defaults must not look like a difference.
        declared = self._loaded.templates[key].parameters.values()
        return {p.name: p.default for p in declared if p.default is not None}

    def _absent(self, key: StackSetKey) -> DesiredStackSet:
        stack_set = self._manifest.stack_sets[key]
        return DesiredStackSet(
            key=key,
            name=self._loaded.stack_set_name(key),
            definition=StackSetDefinition(
                template_body="",
                tags={OWNER_TAG: self._manifest.name},
                permission_model=stack_set.permission_model,
                administration_role_arn=stack_set.administration_role_arn,
                execution_role_name=stack_set.execution_role_name,
            ),
            pairs={},
            parameter_sets={},
            regions=(),
            rules={},
            left_out=dict.fromkeys(self._organization.accounts, _ABSENT),
            retain_stacks=self._retains(key),
            adopt=stack_set.adopt,
            absent=True,
        )

    def _imports(self, key: StackSetKey, pairs: Mapping[Pair, Digest]) -> dict[Pair, str]:
        """Return the stacks to import, by place; report those where nothing is wanted."""
        found: dict[Pair, str] = {}
        for index, arn in enumerate(self._manifest.stack_sets[key].import_stacks):
            place = place_of_stack(arn)
            if place is not None and place in pairs:
                found[place] = arn
            else:
                self._findings.error(
                    ("stack_sets", key, "import_stacks", index),
                    f"{key} does not go to {place}, where this stack is.",
                    "Target that account and Region, or take the stack out.",
                )
        return found

    def _retains(self, key: StackSetKey) -> bool:
        own = self._manifest.stack_sets[key].retain_stacks
        return self._manifest.guards.retain_stacks if own is None else own

    def _check(
        self,
        key: StackSetKey,
        reached: Reach,
        pairs: Mapping[Pair, Digest],
        overrides: tuple[Override, ...],
    ) -> None:
        """Report what is not wrong by itself, and still not what anybody wants."""
        policy = self._manifest.guards.on_empty_targets
        unreached = self._management_named_in_vain(key, reached)
        if reached.named_management is not None and unreached:
            self._findings.warn(reached.named_management, unreached)
        if not pairs:
            about = f" {unreached}" if unreached and policy is OnProblem.ERROR else ""
            self._findings.report(
                policy,
                ("stack_sets", key),
                f"its targets leave no account to deploy to ({_counted(reached)}).{about}",
                "Change `targets`, or set guards.on_empty_targets to warn.",
            )
        elif policy is not OnProblem.OK:
            for override in overrides:
                if not any(_applies(override, a, r.regions) for a, r in reached.rows.items()):
                    self._findings.warn(override.path, "the override applies to no stack instance.")

    def _management_named_in_vain(self, key: StackSetKey, reached: Reach) -> str:
        model = self._manifest.stack_sets[key].permission_model
        if reached.named_management is None or model is not PermissionModel.SERVICE_MANAGED:
            return ""
        return (
            f"{key} does not reach the management account: service-managed stack sets never do. "
            "A stack set with `permission_model: self_managed` does."
        )


def _is_twice_in_an_account(pairs: Mapping[Pair, Digest]) -> bool:
    return len({pair.account for pair in pairs}) < len(pairs)


def _counted(reached: Reach) -> str:
    """Return how many accounts get nothing, by why: those without a Region left included."""
    whys = [*reached.left_out.values()]
    whys += [row.left_out[0][1] for row in reached.rows.values() if row.left_out]
    counts = sorted(Counter(why.state.value.replace("_", " ") for why in whys).items())
    return ", ".join(f"{count} {state}" for state, count in counts) or "no account at all"


def _applies(override: Override, account: AccountId, regions: tuple[Region, ...]) -> bool:
    return not override.regions.get(account, frozenset()).isdisjoint(regions)
