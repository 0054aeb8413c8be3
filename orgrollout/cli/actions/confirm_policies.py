"""`bootstrap --for confirm`: what `confirm` has to be allowed. Asks AWS nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.aws.confirm_permissions import confirm_policy, confirm_role_policy
from orgrollout.aws.permissions import Scope
from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.options.names import role_named
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.report.layout.blocks import Block, Code, Line
from orgrollout.report.plan.as_text import FORMAT_VERSION

_ABOUT = {
    "caller": "The policy of the caller, in the management account or a delegated administrator:",
    "role": "The policy of the role that `confirm --role` names, in the canary account:",
}


def policies_of_confirm(reach: Reach, format_: str, role: str | None) -> int:
    """Print both policies.

    Raises:
        WrongUsageError: The format is for steps, or no role can be called so.
    """
    if format_ not in ("text", "json"):
        raise WrongUsageError(f"--for confirm prints text or json, and no {format_}.")
    region = reach.home_region
    scope = Scope(
        partition=PARTITIONS.get(region or "", "aws"),
        home_region=region or "*",
        probe_role=role_named(role),
    )
    policies = {"caller": confirm_policy(scope), "role": confirm_role_policy(scope)}
    document = {"format_version": FORMAT_VERSION, "policies": policies}
    Screen(format_).result(_blocks(policies), document)
    return DONE


def _blocks(policies: Mapping[str, Mapping[str, Any]]) -> Iterator[Block]:
    for name, policy in policies.items():
        yield Line(text=_ABOUT[name], style="bold")
        yield Code(lines=tuple(json.dumps(policy, indent=2).splitlines()), language="json")
