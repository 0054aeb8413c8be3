"""What is sent to StackSets, from what the domain asks for."""

from collections.abc import Mapping
from typing import Any

from orgrollout.model.ids import StackSetName
from orgrollout.model.operation import OperationAction, OperationPreferences, OperationRequest
from orgrollout.model.stack_set import PermissionModel, StackSetDefinition

Parameters = dict[str, Any]


def operation_call(request: OperationRequest) -> tuple[str, Parameters]:
    """Return the API operation that carries out ``request``, and its parameters without CallAs."""
    common: Parameters = {
        "StackSetName": request.stack_set,
        "OperationId": request.id,
        "OperationPreferences": preferences(request.preferences),
        **targets(request),
    }
    if request.stacks:
        return "ImportStacksToStackSet", _import(request)
    match request.action:
        case OperationAction.CREATE:
            return "CreateStackInstances", common | overrides(request.overrides)
        case OperationAction.UPDATE if request.definition is not None:
            known = request.definition_is_known
            sent = unchanged(request.definition) if known else definition(request.definition)
            return "UpdateStackSet", common | sent
        case OperationAction.UPDATE:
            return "UpdateStackInstances", common | overrides(request.overrides)
        case OperationAction.DETACH | OperationAction.DELETE:
            retain = request.action is OperationAction.DETACH
            return "DeleteStackInstances", common | {"RetainStacks": retain}
        case OperationAction.REVERT | OperationAction.CALL:
            raise ValueError(f"{request.action} is done in accounts, and not by StackSets")


def _import(request: OperationRequest) -> Parameters:
    """Return the parameters of ImportStacksToStackSet: the stacks say where they are."""
    units = {"OrganizationalUnitIds": list(request.units)} if request.units else {}
    return {
        "StackSetName": request.stack_set,
        "OperationId": request.id,
        "OperationPreferences": preferences(request.preferences),
        "StackIds": list(request.stacks),
        **units,
    }


def creation(name: StackSetName, made_of: StackSetDefinition, token: str) -> Parameters:
    """Return the parameters of CreateStackSet, without CallAs."""
    service_managed = made_of.permission_model is PermissionModel.SERVICE_MANAGED
    return {
        "StackSetName": name,
        "ClientRequestToken": token,
        "PermissionModel": made_of.permission_model.value,
        "ManagedExecution": {"Active": made_of.managed_execution},
        **definition(made_of),
        # Required for service-managed sets. Off: it ignores filters, overrides and tolerances.
        **({"AutoDeployment": {"Enabled": False}} if service_managed else {}),
    }


def definition(made_of: StackSetDefinition) -> Parameters:
    """Return all that defines a stack set and may change by UpdateStackSet.

    Every parameter is sent, since what an omitted one means is not documented; tags are always
    sent, since an empty list is what clears them; custom roles are sent each time, since
    UpdateStackSet requires it. ManagedExecution is left out: it does not go with a template.
    """
    optional = {
        "Description": made_of.description,
        "AdministrationRoleARN": made_of.administration_role_arn,
        "ExecutionRoleName": made_of.execution_role_name,
    }
    return {
        "TemplateBody": made_of.template_body,
        "Parameters": parameters(made_of.parameters),
        "Capabilities": list(made_of.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(made_of.tags.items())],
        **{field: value for field, value in optional.items() if value},
    }


def unchanged(made_of: StackSetDefinition) -> Parameters:
    """Return what UpdateStackSet needs so that targets get the definition there is.

    Parameters that are sent, even with UsePreviousValue, would mark all other stack instances
    OUTDATED; tags that are not sent stay as they are (UpdateStackSet, API reference). What omitted
    parameters mean is not documented: the driver looks at the definition in between.
    """
    sent = definition(made_of)
    for field in ("TemplateBody", "Parameters", "Tags"):
        del sent[field]
    return {"UsePreviousTemplate": True, **sent}


def parameters(values: Mapping[str, str]) -> list[Parameters]:
    """Return parameters in the API's shape, ordered by name."""
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in sorted(values.items())]


def overrides(values: Mapping[str, str]) -> Parameters:
    """Return the full list of overrides: what it lacks goes back to the stack set's own value."""
    return {"ParameterOverrides": parameters(values)}


def targets(request: OperationRequest) -> Parameters:
    """Return the accounts and Regions of ``request``; nothing for one without any.

    A service-managed set takes accounts only inside units: the intersection is exact.
    """
    if not request.accounts and not request.regions:
        return {}
    accounts, regions = list(request.accounts), list(request.regions)
    if request.permission_model is PermissionModel.SELF_MANAGED:
        return {"Accounts": accounts, "Regions": regions}
    within = {
        "OrganizationalUnitIds": list(request.units),
        "Accounts": accounts,
        "AccountFilterType": "INTERSECTION",
    }
    return {"DeploymentTargets": within, "Regions": regions}


def preferences(wanted: OperationPreferences) -> Parameters:
    """Return StackSetOperationPreferences. A count wins over a percentage; both are never sent."""
    sent: Parameters = {
        "RegionConcurrencyType": "PARALLEL" if wanted.parallel_regions else "SEQUENTIAL",
        "ConcurrencyMode": (
            "STRICT_FAILURE_TOLERANCE" if wanted.strict else "SOFT_FAILURE_TOLERANCE"
        ),
    }
    if wanted.region_order:
        sent["RegionOrder"] = list(wanted.region_order)
    if wanted.max_concurrent_count is not None:
        sent["MaxConcurrentCount"] = wanted.max_concurrent_count
    elif wanted.max_concurrent_percentage is not None:
        sent["MaxConcurrentPercentage"] = wanted.max_concurrent_percentage
    if wanted.failure_tolerance_count is not None:
        sent["FailureToleranceCount"] = wanted.failure_tolerance_count
    elif wanted.failure_tolerance_percentage is not None:
        sent["FailureTolerancePercentage"] = wanted.failure_tolerance_percentage
    return sent
