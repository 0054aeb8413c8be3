"""CreateStackSet, UpdateStackSet, DeleteStackSet, DescribeStackSet, ListStackSets and kin."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orgrollout.sandbox import errors, templates, views
from orgrollout.sandbox.errors import ApiError, validation
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.preferences import check_preferences
from orgrollout.sandbox.records import Definition, StackInstance, StackSet
from orgrollout.sandbox.stack_sets import Caller, StackSets, digest_of
from orgrollout.sandbox.targeting import Targeting

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
MAX_TAGS = 50
Answer = dict[str, Any]


class StackSetApi:
    """The calls on stack sets themselves."""

    def __init__(
        self, stack_sets: StackSets, targeting: Targeting, read_url: Callable[[str], str]
    ) -> None:
        self._sets = stack_sets
        self._targeting = targeting
        self._read_url = read_url

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
        definition = self._definition(None, params, service_managed=service_managed)
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
            arn=f"arn:aws:cloudformation:{caller.region}:{owner}:stackset/{unique}",
            owner=owner,
            region=caller.region,
            definition=definition,
            description=params.get("Description"),
            permission_model="SERVICE_MANAGED" if service_managed else "SELF_MANAGED",
            administration_role_arn=None
            if service_managed
            else params.get("AdministrationRoleARN", default_role(owner)),
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
        definition = self._definition(stack_set, params, service_managed=service_managed)
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
            default = default_role(stack_set.owner)
            stack_set.administration_role_arn = params.get("AdministrationRoleARN", default)
            stack_set.execution_role_name = params.get(
                "ExecutionRoleName", stack_set.execution_role_name
            )

    def _definition(
        self, stack_set: StackSet | None, params: Mapping[str, Any], *, service_managed: bool
    ) -> Definition:
        old = stack_set.definition if stack_set is not None else None
        body = self._body(old, params)
        template = templates.parse_template(body)
        self._check_template(template, service_managed=service_managed)
        given = tuple(params.get("Capabilities") or (old.capabilities if old else ()))
        templates.check_capabilities(template, given)
        values = _parameters(template, old, params)
        templates.check_parameters(template, values)
        tags = _tags(old, params)
        if old is not None and (old.template_body, old.parameters, old.tags) == (
            body,
            values,
            tags,
        ):
            return replace(old, capabilities=given)
        version = old.version + 1 if old is not None else 1
        return Definition(
            version=version, template_body=body, parameters=values, capabilities=given, tags=tags
        )

    def _body(self, old: Definition | None, params: Mapping[str, Any]) -> str:
        if params.get("UsePreviousTemplate") and old is not None:
            return old.template_body
        body, url = params.get("TemplateBody"), params.get("TemplateURL")
        if bool(body) == bool(url):
            raise validation("Either Template URL or Template Body must be specified.")
        if url:
            return self._read_url(url)
        assert body is not None  # noqa: S101
        if len(body.encode()) > templates.MAX_INLINE_BYTES:
            limit = templates.MAX_INLINE_BYTES
            raise validation(f"TemplateBody must have length less than or equal to {limit}")
        return str(body)

    def _check_template(self, template: Mapping[str, Any], *, service_managed: bool) -> None:
        if service_managed and templates.transforms(template):
            raise validation(
                "StackSets with SERVICE_MANAGED permission model do not support transforms"
            )
        nested = any(
            each["Type"] == "AWS::CloudFormation::Stack" for each in template["Resources"].values()
        )
        if service_managed and nested:
            raise validation(
                "StackSets with SERVICE_MANAGED permission model do not support nested stacks"
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
        return {"StackSet": views.stack_set_view(self._sets.find(caller, params, deleted=True))}

    def list_stack_sets(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List stack sets, deleted ones included unless Status says otherwise."""
        wanted = params.get("Status")
        found = [s for s in self._sets.all_of(caller, params) if wanted in (None, s.status)]
        items, token = views.page(found, params)
        return {"Summaries": [views.stack_set_summary(each) for each in items], "NextToken": token}


def default_role(account: str) -> str:
    """Return the administration role of self-managed stack sets that name none."""
    return f"arn:aws:iam::{account}:role/AWSCloudFormationStackSetAdministrationRole"


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an UpdateStackSet; it never changes overrides."""
    return {key: value for key, value in params.items() if key != "ParameterOverrides"}


def _check_auto_deployment(params: Mapping[str, Any], *, service_managed: bool) -> None:
    given = params.get("AutoDeployment")
    if given and not service_managed:
        raise validation("AutoDeployment is only supported for SERVICE_MANAGED stack sets")
    if len((given or {}).get("DependsOn") or ()) > 10:  # noqa: PLR2004
        raise validation("A stack set can depend on at most 10 stack sets")


def _parameters(
    template: Mapping[str, Any], old: Definition | None, params: Mapping[str, Any]
) -> dict[str, str]:
    previous = old.parameters if old is not None else {}
    if "Parameters" not in params:
        declared = template.get("Parameters") or {}
        return {key: value for key, value in previous.items() if key in declared}
    values = {}
    for each in params["Parameters"]:
        key = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            values[key] = each.get("ParameterValue", "")
        elif key in previous:
            values[key] = previous[key]
        elif key not in (template.get("Parameters") or {}):
            raise validation(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue"
            )
    return values


def _tags(old: Definition | None, params: Mapping[str, Any]) -> dict[str, str]:
    if "Tags" not in params:
        return dict(old.tags) if old is not None else {}
    if len(params["Tags"]) > MAX_TAGS:
        raise validation(f"At most {MAX_TAGS} tags can be specified")
    return {tag["Key"]: tag["Value"] for tag in params["Tags"]}
