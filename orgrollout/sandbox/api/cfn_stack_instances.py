"""CreateStackInstances, UpdateStackInstances, DeleteStackInstances, and reading instances."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.sandbox import errors
from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.records import Operation, Pair, StackInstance, StackSet
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.instance_lifecycle import merged_overrides
from orgrollout.sandbox.stack_sets.preferences import (
    check_filters,
    check_overrides,
    check_preferences,
)
from orgrollout.sandbox.stack_sets.service import Caller, StackSets
from orgrollout.sandbox.stack_sets.targeting import Targeting
from orgrollout.sandbox.templates import parse_template

FILTERS = ("DETAILED_STATUS", "LAST_OPERATION_ID", "DRIFT_STATUS")
MAX_IMPORT, MAX_IMPORT_BY_URL = 10, 200
Answer = dict[str, Any]


class InstanceApi:
    """The calls on stack instances."""

    def __init__(
        self, stack_sets: StackSets, targeting: Targeting, regions: frozenset[str]
    ) -> None:
        self._sets = stack_sets
        self._targeting = targeting
        self._regions = regions

    def create_stack_instances(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Create what is missing among accounts x Regions, and retry what is OUTDATED."""
        stack_set, known = self._opened(caller, params)
        if known is not None:
            return {"OperationId": known.id}
        self._check_regions(params)
        targets = self._targeting.for_create(stack_set, params)
        pairs = [(a, region) for region in dict.fromkeys(params["Regions"]) for a in targets]
        self._check_quota(stack_set, pairs)
        self._sets.check_free(stack_set)
        self._remember_units(stack_set, params)
        touched = []
        for account, region in pairs:
            instance = stack_set.instances.get((account, region))
            if instance is None:
                instance = StackInstance(account=account, region=region, unit_id=targets[account])
                stack_set.instances[account, region] = instance
            elif not self._is_retried(instance, params):
                continue
            touched.append(instance)
        return self._begin(stack_set, "CREATE", touched, params)

    def update_stack_instances(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Update stack instances that exist, with other overrides if given."""
        stack_set, known = self._opened(caller, params)
        if known is not None:
            return {"OperationId": known.id}
        self._check_regions(params)
        pairs = self._targeting.existing(stack_set, params, must_exist=True)
        self._sets.check_free(stack_set)
        touched = [stack_set.instances[pair] for pair in pairs]
        return self._begin(stack_set, "UPDATE", touched, params)

    def delete_stack_instances(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take stack instances away, with their stacks or without."""
        stack_set, known = self._opened(caller, params)
        if known is not None:
            return {"OperationId": known.id}
        if params.get("RetainStacks") is None:
            raise validation("RetainStacks must be specified")
        self._check_regions(params)
        pairs = self._targeting.existing(stack_set, params, must_exist=False)
        self._sets.check_free(stack_set)
        self._forget_units(stack_set, params)
        touched = [stack_set.instances[pair] for pair in pairs]
        return self._begin(stack_set, "DELETE", touched, params)

    def import_stacks_to_stack_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take stacks that exist into a stack set; at most ten named inline, or 200 in S3."""
        stack_set = self._sets.find(caller, params)
        known = self._sets.known(stack_set, params)
        if known is not None:
            return {"OperationId": known.id}
        stack_ids = self._stack_ids(params)
        pairs = {_pair_of(stack_id): stack_id for stack_id in stack_ids}
        taken = [pair for pair in pairs if _is_deployed(stack_set, pair)]
        if taken:
            raise errors.invalid_operation(f"Stack instance {taken[0]} exists already")
        self._sets.check_free(stack_set)
        units = (params.get("OrganizationalUnitIds") or [None])[0]
        for account, region in pairs:
            made = StackInstance(account=account, region=region, unit_id=units)
            stack_set.instances[account, region] = made
        touched = [stack_set.instances[pair] for pair in pairs]
        operation = self._sets.begin(stack_set, "CREATE", touched, params)
        operation.imported.update(pairs)
        return {"OperationId": operation.id}

    def _stack_ids(self, params: Mapping[str, Any]) -> list[str]:
        named, url = params.get("StackIds") or [], params.get("StackIdsUrl")
        if bool(named) == bool(url):
            raise validation("Either StackIds or StackIdsUrl must be specified")
        found = self._targeting.listed_at(url) if url else list(named)
        most = MAX_IMPORT_BY_URL if url else MAX_IMPORT
        if not 1 <= len(found) <= most:
            raise validation(f"Between 1 and {most} stack ids must be specified")
        return found

    def list_stack_set_auto_deployment_targets(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List the units that automatic deployment goes by, with their Regions."""
        stack_set = self._sets.find(caller, params)
        found = [
            {"OrganizationalUnitId": unit, "Regions": list(regions)}
            for unit, regions in stack_set.auto_targets.items()
        ]
        items, token = responses.page(found, params)
        return {"Summaries": items, "NextToken": token}

    def describe_stack_instance(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe one stack instance; only here are its overrides."""
        stack_set = self._sets.find(caller, params)
        pair = (params["StackInstanceAccount"], params["StackInstanceRegion"])
        instance = stack_set.instances.get(pair)
        if instance is None:
            raise errors.stack_instance_not_found(stack_set.id, *pair)
        return {"StackInstance": responses.instance_view(stack_set, instance)}

    def list_stack_instances(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List stack instances, a hundred a page at most, filtered."""
        stack_set = self._sets.find(caller, params)
        filters = check_filters(params, FILTERS)
        items, token = responses.page(_matching(stack_set, params, filters), params)
        summaries = [responses.instance_summary(stack_set, each) for each in items]
        return {"Summaries": summaries, "NextToken": token}

    def _opened(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> tuple[StackSet, Operation | None]:
        stack_set = self._sets.find(caller, params)
        known = self._sets.known(stack_set, params)
        if known is None:
            if stack_set.permission_model == "SERVICE_MANAGED":
                self._sets.check_service_managed(caller, params)
            check_preferences(params)
            definition = stack_set.definition
            template = parse_template(definition.template_body)
            check_overrides(template, definition.parameters, params)
        return stack_set, known

    def _check_regions(self, params: Mapping[str, Any]) -> None:
        regions = params.get("Regions") or []
        if not regions:
            raise validation("Regions must be specified")
        unknown = [region for region in regions if region not in self._regions]
        if unknown:
            raise validation(f"Region {unknown[0]} is not supported")

    def _check_quota(self, stack_set: StackSet, pairs: list[tuple[str, str]]) -> None:
        quota = self._sets.settings.max_stack_instances
        if len(stack_set.instances.keys() | pairs) > quota:
            raise errors.limit_exceeded(f"A stack set can have at most {quota} stack instances")

    def _is_retried(self, instance: StackInstance, params: Mapping[str, Any]) -> bool:
        applies = self._sets.settings.create_on_current == "apply_overrides"
        changes = applies and "ParameterOverrides" in params
        return instance.status == "OUTDATED" or (instance.status == "CURRENT" and changes)

    def _begin(
        self,
        stack_set: StackSet,
        action: str,
        touched: list[StackInstance],
        params: Mapping[str, Any],
    ) -> Answer:
        at_start = self._sets.settings.overrides_stored == "at_start"
        for instance in touched:
            if instance.status != "INOPERABLE":
                instance.status, instance.detailed_status = "OUTDATED", "PENDING"
                instance.reason = None
            if at_start and "ParameterOverrides" in params:
                given = params["ParameterOverrides"]
                instance.overrides = merged_overrides(instance.overrides, given)
        updates = action == "UPDATE"
        made = self._sets.begin(stack_set, action, touched, params, by_instances=updates)
        return {"OperationId": made.id}

    def _remember_units(self, stack_set: StackSet, params: Mapping[str, Any]) -> None:
        targets = params.get("DeploymentTargets") or {}
        for unit_id in targets.get("OrganizationalUnitIds") or ():
            regions = stack_set.auto_targets.setdefault(unit_id, {})
            regions.update(dict.fromkeys(params["Regions"]))

    def _forget_units(self, stack_set: StackSet, params: Mapping[str, Any]) -> None:
        targets = params.get("DeploymentTargets") or {}
        if targets.get("Accounts") or targets.get("AccountsUrl"):
            return
        for unit_id in targets.get("OrganizationalUnitIds") or ():
            for region in params["Regions"]:
                stack_set.auto_targets.get(unit_id, {}).pop(region, None)
            if not stack_set.auto_targets.get(unit_id):
                stack_set.auto_targets.pop(unit_id, None)


def _pair_of(stack_id: str) -> Pair:
    parts = stack_id.split(":")
    if len(parts) < 6 or not parts[5].startswith("stack/"):  # noqa: PLR2004
        raise validation(f"{stack_id} is not the ARN of a stack")
    return parts[4], parts[3]


def _is_deployed(stack_set: StackSet, pair: Pair) -> bool:
    found = stack_set.instances.get(pair)
    return found is not None and found.detailed_status != "FAILED_IMPORT"


def _matching(
    stack_set: StackSet, params: Mapping[str, Any], filters: Mapping[str, str]
) -> Iterator[StackInstance]:
    account, region = params.get("StackInstanceAccount"), params.get("StackInstanceRegion")
    if account is None and region is None and not filters:
        return iter(stack_set.instances.values())
    return (
        each
        for each in stack_set.instances.values()
        if account in (None, each.account)
        and region in (None, each.region)
        and filters.get("DETAILED_STATUS") in (None, each.detailed_status)
        and filters.get("LAST_OPERATION_ID") in (None, each.last_operation_id)
        and filters.get("DRIFT_STATUS") in (None, each.drift_status)
    )
