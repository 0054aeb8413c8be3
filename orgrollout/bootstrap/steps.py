"""What an organization still needs before a manifest can be carried out, step by step."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orgrollout.bootstrap.roles import (
    administration_permissions,
    administration_trust,
    execution_trust,
)
from orgrollout.model.ids import AccountId, Region
from orgrollout.plan.commands import activation, aws, registration

STACK_SETS_PRINCIPAL = "member.org.stacksets.cloudformation.amazonaws.com"
CONFIG_PRINCIPAL = "config.amazonaws.com"
PREFIX = "orgrollout"  # of the policies that are made


class State(StrEnum):
    """Whether a step is still to be done."""

    NEEDED = "needed"
    DONE = "done"
    UNKNOWN = "unknown"  # it could not be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to be done once, by a person who may do it."""

    what: str
    state: State
    where: str  # which account's credentials it takes
    why: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfManaged:
    """The roles that self-managed stack sets work with."""

    administration_role: str
    execution_role: str
    opt_in_regions: tuple[Region, ...]  # whose own principals the administration role must trust
    actions: tuple[str, ...]  # that the templates need in the target accounts
    state: State = State.UNKNOWN  # of the administration role


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What was found, and what the manifest asks for. None: could not be read."""

    partition: str
    home_region: Region
    management: AccountId
    administrator: AccountId  # who rolls out: who calls, unless another was named
    service_managed: bool
    by_delegate: bool = False  # service-managed stack sets are called by a delegate only
    unread: str | None = None  # why the organization could not be read, if it could not
    access: str | None  # of CloudFormation to the organization
    trusted: frozenset[str] | None  # services that Organizations trusts
    delegates: Mapping[str, frozenset[AccountId] | None]  # by service principal
    config_administrators: tuple[AccountId, ...]  # accounts with an organization-wide aggregator
    self_managed: tuple[SelfManaged, ...]
    policies: Mapping[str, Mapping[str, Any]]  # planner, operator, auditor: policy documents
    member_roles: tuple[str, ...] = ()  # names; that drift is looked at and repaired with
    created_roles: Mapping[str, str] = field(default_factory=dict)  # of those; by which stack set
    manifest: str  # as it is written on a command line


def steps(found: Situation) -> tuple[Step, ...]:
    """Return everything the manifest takes, done or not, in the order to do it in.

    Without the organization, what depends on its accounts is not among it.
    """
    return (
        *_trusted_access(found),
        *_delegates(found),
        *_reading(found),
        *_roles(found),
        *_member_roles(found),
        *_policies(found),
    )


def _trusted_access(found: Situation) -> Iterator[Step]:
    management = f"management account {found.management}"
    if found.service_managed:
        yield Step(
            what="trusted access of StackSets",
            state=_both(_activated(found), _trusts(found, STACK_SETS_PRINCIPAL)),
            where=management,
            why="Organizations and CloudFormation both have to be told: the activation does both, "
            "enabling it in Organizations alone does not.",
            commands=(activation(found.home_region),),
        )
    if found.config_administrators:
        trusting = ("enable-aws-service-access", "--service-principal", CONFIG_PRINCIPAL)
        yield Step(
            what="trusted access of AWS Config",
            state=_state(_trusts(found, CONFIG_PRINCIPAL)),
            where=management,
            why="an aggregator of the whole organization reads its accounts through it.",
            commands=(aws("organizations", *trusting),),
        )


def _activated(found: Situation) -> bool | None:
    return None if found.access is None else found.access == "ENABLED"


def _trusts(found: Situation, principal: str) -> bool | None:
    return None if found.trusted is None else principal in found.trusted


def _delegates(found: Situation) -> Iterator[Step]:
    if found.by_delegate and found.administrator == found.management:
        yield _some_delegate(found)
    wanted: list[tuple[str, AccountId, str]] = []
    if found.service_managed and found.administrator != found.management:
        why = "it is to run service-managed stack sets."
        wanted.append((STACK_SETS_PRINCIPAL, found.administrator, why))
    for account in found.config_administrators:
        if account != found.management:
            why = "its aggregator is one of the whole organization."
            wanted.append((CONFIG_PRINCIPAL, account, why))
    for principal, account, why in wanted:
        registered = found.delegates.get(principal)
        yield Step(
            what=f"delegated administrator {account} for {principal}",
            state=_state(None if registered is None else account in registered),
            where=f"management account {found.management}",
            why=why,
            commands=(registration(account, principal),),
        )


def _some_delegate(found: Situation) -> Step:
    """Return that an account has to be registered, where the manifest leaves open which."""
    registered = found.delegates.get(STACK_SETS_PRINCIPAL)
    return Step(
        what=f"delegated administrator for {STACK_SETS_PRINCIPAL}",
        state=_state(None if registered is None else bool(registered)),
        where=f"management account {found.management}",
        why="the manifest says `call_as: delegated_admin`, and the management account is none.",
        commands=(
            f"# orgrollout bootstrap {found.manifest} --delegate ACCOUNT prints how to register it",
        ),
    )


def _reading(found: Situation) -> Iterator[Step]:
    if found.unread is not None:
        yield Step(
            what="reading the organization",
            state=State.NEEDED,
            where=f"account {found.administrator}",
            why=found.unread,
            commands=("# then run this again: what depends on accounts is not among these steps",),
        )


def _roles(found: Situation) -> Iterator[Step]:
    for roles in found.self_managed:
        name, execution = roles.administration_role, roles.execution_role
        arn = f"arn:{found.partition}:iam::{found.administrator}:role/{name}"
        trust = administration_trust(found.partition, found.administrator, roles.opt_in_regions)
        yield Step(
            what=f"role {name}",
            state=roles.state,
            where=f"administrator account {found.administrator}",
            why="CloudFormation works through it for self-managed stack sets.",
            commands=(
                _new_role(name, trust),
                _role_policy(name, administration_permissions(found.partition, execution)),
            ),
        )
        yield Step(
            what=f"role {execution}",
            state=State.UNKNOWN,
            where="each target account",
            why="the administration role works through it there; `orgrollout preflight "
            "--probe-role NAME` tells where it is missing.",
            commands=(
                _new_role(execution, execution_trust(arn)),
                _role_policy(execution, _execution_policy(roles)),
            ),
        )


def _member_roles(found: Situation) -> Iterator[Step]:
    for name in found.member_roles:
        yield Step(
            what=f"role {name}",
            state=State.UNKNOWN,
            where="each member account",
            why="drift and posture are looked at and repaired with it; the template "
            "builtin:resync-role makes one to look with and one to repair with.",
            commands=(_role_in_manifest(found.created_roles.get(name)),),
        )


def _role_in_manifest(created_by: str | None) -> str:
    if created_by is not None:
        return f"# stack set {created_by} of the manifest creates it: `orgrollout apply`"
    return (
        "# stack_sets.resync-role: {template: builtin:resync-role, "
        "parameters: {CallerRole: ..., ExternalId: ...}}"
    )


def _policies(found: Situation) -> Iterator[Step]:
    for name, document in found.policies.items():
        yield Step(
            what=f"policy {PREFIX}-{name}",
            state=State.UNKNOWN,
            where=f"administrator account {found.administrator}",
            why=f"what the {name} may do, and nothing else; attach it to a role of yours.",
            commands=(
                aws("iam", "create-policy", "--policy-name", f"{PREFIX}-{name}", *_of(document)),
            ),
        )


def _execution_policy(roles: SelfManaged) -> dict[str, Any]:
    actions = ["cloudformation:*", *roles.actions]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _new_role(name: str, trust: Mapping[str, Any]) -> str:
    trusting = ("--assume-role-policy-document", _json(trust))
    return aws("iam", "create-role", "--role-name", name, *trusting)


def _role_policy(role: str, document: Mapping[str, Any]) -> str:
    names = ("--role-name", role, "--policy-name", PREFIX)
    return aws("iam", "put-role-policy", *names, *_of(document))


def _of(document: Mapping[str, Any]) -> tuple[str, str]:
    return "--policy-document", _json(document)


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _both(one: bool | None, other: bool | None) -> State:  # noqa: FBT001 - as below
    """Return that something is needed where either half is known to be missing."""
    if one is None or other is None:
        return State.NEEDED if False in {one, other} else State.UNKNOWN
    return _state(one and other)


def _state(done: bool | None) -> State:  # noqa: FBT001 - three states in, three out
    if done is None:
        return State.UNKNOWN
    return State.DONE if done else State.NEEDED
