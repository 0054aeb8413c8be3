"""Commands of the AWS CLI for people to run: quoted, whatever their values hold."""

import shlex

from orgrollout.model.ids import AccountId, Region, StackSetName
from orgrollout.model.stack_set import CallAs, PermissionModel


def aws(*words: str) -> str:
    """Return a command of the AWS CLI, which a shell takes for exactly these words."""
    return shlex.join(("aws", *words))


def for_stack_set(
    command: str,
    name: StackSetName,
    *words: str,
    home_region: Region,
    model: PermissionModel,
    call_as: CallAs,
) -> str:
    """Return a command on a stack set, sent to where the stack set is found."""
    delegated = model is PermissionModel.SERVICE_MANAGED and call_as is CallAs.DELEGATED_ADMIN
    place = ("--region", home_region, *(("--call-as", call_as.value) if delegated else ()))
    return aws("cloudformation", command, "--stack-set-name", name, *words, *place)


def activation(home_region: Region) -> str:
    """Return what lets CloudFormation work in the organization, on both of its sides."""
    return aws("cloudformation", "activate-organizations-access", "--region", home_region)


def registration(account: AccountId, principal: str) -> str:
    """Return what makes an account the delegated administrator of a service."""
    who = ("--account-id", account, "--service-principal", principal)
    return aws("organizations", "register-delegated-administrator", *who)
