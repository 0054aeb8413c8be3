"""CreateStackSet, UpdateStackSet, DeleteStackSet, DescribeStackSet, ListStackSets and kin."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox import errors, templates
from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.errors import ApiError, validation
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.records import Definition, StackInstance, StackSet
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.definitions import Definitions
from orgrollout.sandbox.stack_sets.preferences import check_preferences
from orgrollout.sandbox.stack_sets.service import Caller, StackSets, digest_of
from orgrollout.sandbox.stack_sets.targeting import Targeting

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
Answer = dict[str, Any]


class StackSetApi:
    """The calls on stack sets themselves."""

    def __init__(
        self, stack_sets: StackSets, targeting: Targeting, read_url: Callable[[str], str]
    ) -> None:
        self._sets = stack_sets
        self._targeting = targeting
        self._read_url = read_url
        self._definitions = Definitions(read_url, stack_sets.settings.omitted_parameters)

    def create_stack_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Make a stack set; it has no instances and no operation yet."""
        name = params["StackSetName"]
        if not _NAME.fullmatch(name):
            raise validation(f"StackSetName {name!r} must match {_NAME.pattern}")
        service_managed = params.get("PermissionModel") == "SERVICE_MANAGED"
        if service_managed:
            self._sets.check_service_managed(caller, params)
        _check_auto_deployment(params, service_managed=service_managed)
        for each in self._sets.all_of(caller, params):
            if each.name == name and each.status == "ACTIVE":
                return self._again(each, params)
        self._check_quota(caller, params)
        definition = self._definitions.make(None, params, service_managed=service_managed)
        stack_set = self._new(caller, params, definition)
        self._sets.add(stack_set)
        return {"StackSetId": stack_set.id}

    def _again(self, existing: StackSet, params: Mapping[str, Any]) -> Answer:
        token = params.get("ClientRequestToken")
        if token is None or token != existing.request_token:
            message = f"StackSet {existing.name} already exists"
            raise ApiError("NameAlreadyExistsException", message, 409)
        if existing.request_digest != digest_of(params) or existing.definition.version > 1:
            message = f"StackSet {existing.name} was created and then modified"
            raise ApiError("CreatedButModifiedException", message, 409)
        return {"StackSetId": existing.id}

    def _check_quota(self, caller: Caller, params: Mapping[str, Any]) -> None:
        active = sum(each.status == "ACTIVE" for each in self._sets.all_of(caller, params))
        if active >= self._sets.settings.max_stack_sets:
            raise errors.limit_exceeded("The quota of stack sets has been reached")

    def _new(self, caller: Caller, params: Mapping[str, Any], definition: Definition) -> StackSet:
        name, owner = params["StackSetName"], self._sets.owner(caller, params)
        now = self._sets.timeline.now()
        count = str(len(self._sets.all_of(caller, params)))
        text = derive(32, owner, name, caller.region, count, alphabet="0123456789abcdef")
        unique = f"{name}:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        service_managed = params.get("PermissionModel") == "SERVICE_MANAGED"
        return StackSet(
            id=unique,
            name=name,
            arn=f"arn:{partition_of(caller.region)}:cloudformation:{caller.region}:{owner}:stackset/{unique}",
            owner=owner,
            region=caller.region,
            definition=definition,
            description=params.get("Description"),
            permission_model="SERVICE_MANAGED" if service_managed else "SELF_MANAGED",
            administration_role_arn=None
            if service_managed
            else params.get(
                "AdministrationRoleARN", default_role(self._sets.organization.partition, owner)
            ),
            execution_role_name=None
            if service_managed
            else params.get("ExecutionRoleName", "AWSCloudFormationStackSetExecutionRole"),
            auto_deployment=dict(params.get("AutoDeployment") or {}),
            managed_execution=bool((params.get("ManagedExecution") or {}).get("Active")),
            created=now,
            request_token=params.get("ClientRequestToken"),
            request_digest=digest_of(params),
        )

    def update_stack_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Change a stack set and update its instances: all, or the targeted ones."""
        stack_set = self._sets.find(caller, params)
        known = self._sets.known(stack_set, params)
        if known is not None:
            return {"OperationId": known.id}
        service_managed = stack_set.permission_model == "SERVICE_MANAGED"
        if service_managed:
            self._sets.check_service_managed(caller, params)
        check_preferences(params)
        _check_auto_deployment(params, service_managed=service_managed)
        self._check_update(stack_set, params)
        definition = self._definitions.make(
            stack_set.definition, params, service_managed=service_managed
        )
        chosen = self._chosen(stack_set, params)
        self._sets.check_free(stack_set)
        self._change(stack_set, definition, params)
        targets = self._touched(stack_set, params, chosen)
        for instance in targets:
            instance.status, instance.detailed_status = "OUTDATED", "PENDING"
            instance.reason = None
        operation = self._sets.begin(stack_set, "UPDATE", targets, _plain(params))
        return {"OperationId": operation.id}

    def _check_update(self, stack_set: StackSet, params: Mapping[str, Any]) -> None:
        sources = ("TemplateBody", "TemplateURL", "UsePreviousTemplate")
        if sum(bool(params.get(source)) for source in sources) != 1:
            raise validation(f"You must specify exactly one of {', '.join(sources)}")
        model = params.get("PermissionModel", stack_set.permission_model)
        if model != stack_set.permission_model and stack_set.instances:
            raise validation("PermissionModel cannot be changed while there are stack instances")
        managed = params.get("ManagedExecution") or {}
        if "Active" in managed and managed["Active"] != stack_set.managed_execution:
            if stack_set.running:
                raise errors.operation_in_progress(stack_set.arn)
            if not params.get("UsePreviousTemplate") or params.get("Parameters"):
                raise errors.invalid_operation(
                    "Cannot update ManagedExecution while updating StackSet Template or Parameters"
                )
        if params.get("AutoDeployment"):
            narrowed = params.get("DeploymentTargets") or params.get("Regions")
            if narrowed or not params.get("UsePreviousTemplate"):
                raise validation(
                    "AutoDeployment excludes DeploymentTargets, Regions and a template"
                )

    def _chosen(self, stack_set: StackSet, params: Mapping[str, Any]) -> list[StackInstance] | None:
        if not any(params.get(key) for key in ("Accounts", "DeploymentTargets", "Regions")):
            return None
        pairs = self._targeting.existing(stack_set, params, must_exist=True)
        return [stack_set.instances[pair] for pair in pairs]

    def _touched(
        self, stack_set: StackSet, params: Mapping[str, Any], chosen: list[StackInstance] | None
    ) -> list[StackInstance]:
        untouched = self._sets.settings.auto_deployment_update == "no_instances"
        if params.get("AutoDeployment") and untouched:
            return []
        if chosen is not None:
            return chosen
        return [i for i in stack_set.instances.values() if i.status != "INOPERABLE"]

    def _change(
        self, stack_set: StackSet, definition: Definition, params: Mapping[str, Any]
    ) -> None:
        if definition.version != stack_set.definition.version:
            stack_set.previous[stack_set.definition.version] = stack_set.definition
            for instance in stack_set.instances.values():
                if instance.status == "CURRENT":
                    instance.status, instance.detailed_status = "OUTDATED", "PENDING"
        stack_set.definition = definition
        stack_set.description = params.get("Description", stack_set.description)
        if params.get("AutoDeployment"):
            stack_set.auto_deployment = dict(params["AutoDeployment"])
        if "Active" in (params.get("ManagedExecution") or {}):
            stack_set.managed_execution = params["ManagedExecution"]["Active"]
        if stack_set.permission_model == "SELF_MANAGED":
            # A custom role has to be sent again each time, or the default comes back.
            default = default_role(self._sets.organization.partition, stack_set.owner)
            stack_set.administration_role_arn = params.get("AdministrationRoleARN", default)
            stack_set.execution_role_name = params.get(
                "ExecutionRoleName", stack_set.execution_role_name
            )

    def delete_stack_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Delete an empty stack set; an unknown one is no error."""
        try:
            stack_set = self._sets.find(caller, params)
        except ApiError:
            return {}
        if stack_set.running:
            raise errors.operation_in_progress(stack_set.arn)
        if stack_set.instances:
            message = "StackSet is not empty"
            raise ApiError("StackSetNotEmptyException", message, 409)
        stack_set.status = "DELETED"
        return {}

    def describe_stack_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a stack set; a deleted one can be described by its id."""
        return {"StackSet": responses.stack_set_view(self._sets.find(caller, params, deleted=True))}

    def get_template_summary(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return the needs of a template: one that is given, or that of a stack set."""
        if params.get("StackName"):
            return FORWARD
        if params.get("StackSetName"):
            body = self._sets.find(caller, params).definition.template_body
        else:
            body = params.get("TemplateBody") or self._read_url(params.get("TemplateURL", ""))
        return templates.summarize(body)

    def list_stack_sets(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List stack sets, deleted ones included unless Status says otherwise."""
        wanted = params.get("Status")
        found = [s for s in self._sets.all_of(caller, params) if wanted in (None, s.status)]
        items, token = responses.page(found, params)
        return {
            "Summaries": [responses.stack_set_summary(each) for each in items],
            "NextToken": token,
        }


def default_role(partition: str, account: str) -> str:
    """Return the administration role of self-managed stack sets that name none."""
    return f"arn:{partition}:iam::{account}:role/AWSCloudFormationStackSetAdministrationRole"


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an UpdateStackSet; it never changes overrides."""
    return {key: value for key, value in params.items() if key != "ParameterOverrides"}


def _check_auto_deployment(params: Mapping[str, Any], *, service_managed: bool) -> None:
    given = params.get("AutoDeployment")
    if given and not service_managed:
        raise validation("AutoDeployment is only supported for SERVICE_MANAGED stack sets")
    if len((given or {}).get("DependsOn") or ()) > 10:  # noqa: PLR2004
        raise validation("A stack set can depend on at most 10 stack sets")
