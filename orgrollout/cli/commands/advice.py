"""The commands that look and advise, and change nothing, as typer sees them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from orgrollout.cli.options import completion
from orgrollout.cli.options.groups import PlainReach, Reach
from orgrollout.cli.options.manifest_here import HERE
from orgrollout.cli.options.shared import FormatOption, ManifestPath

# What is imported inside commands is slow; `orgrollout --help` should not wait for it.
# ruff: noqa: PLC0415


def explain(
    manifest: ManifestPath = HERE,
    account: Annotated[
        str | None,
        typer.Argument(
            metavar="ACCOUNT",
            show_default=False,
            help="A name or an id. Alone, it is that of the manifest in this folder.",
            autocompletion=completion.accounts,
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Argument(metavar="REGION", show_default=False, help="Only this one.")
    ] = None,
    *,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Show why an account is in or out, what set its parameters, and what a plan would do."""
    from orgrollout.cli.actions.explain import explain_account, what_is_asked

    return explain_account(what_is_asked(manifest, account, region), reach, format_)


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write it; nothing is overwritten.")
    ] = Path("orgrollout.yaml"),
    *,
    from_aws: Annotated[
        bool,
        typer.Option(
            "--from-aws",
            help="Describe the stack sets that exist, their templates beside it, so that a plan "
            "of it changes nothing.",
        ),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Read nothing from AWS: write an example with an organization id to change.",
        ),
    ] = False,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What the manifest is called.")
    ] = "baseline",
    stack_set: Annotated[
        list[str] | None,
        typer.Option(
            "--stack-set", metavar="NAME", help="Only this stack set that exists. Repeatable."
        ),
    ] = None,
    reach: PlainReach,
) -> int:
    """Write a commented manifest to start from, or one of what exists.

    With credentials, the organization is read, and its id, Regions, units and accounts are in the
    manifest. Without, an example is written.
    """
    from orgrollout.cli.actions.init import Options
    from orgrollout.cli.actions.init import init as run

    asked = Options(name=name, from_aws=from_aws, offline=offline, stack_sets=stack_set or ())
    return run(file, reach, asked)


def preflight(
    manifest: ManifestPath = HERE,
    *,
    probe_role: Annotated[
        str | None,
        typer.Option(
            "--probe-role",
            metavar="NAME",
            help="A role in the member accounts to check with, such as "
            "OrganizationAccountAccessRole. Without one, the member accounts are not checked.",
        ),
    ] = None,
    all_accounts: Annotated[
        bool, typer.Option("--all-accounts", help="Check all accounts, and not two of each unit.")
    ] = False,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Show what would fail, before it does, and how to fix it. Only reads; 3 with findings."""
    from orgrollout.cli.actions.preflight import preflight as run
    from orgrollout.reconcile.member_accounts.preflight_facts import Looking

    return run(manifest, reach, format_, Looking(role=probe_role, all_accounts=all_accounts))


def bootstrap(
    manifest: ManifestPath = HERE,
    *,
    probe_role: Annotated[
        str | None,
        typer.Option(
            "--probe-role",
            metavar="NAME",
            help="A role in the member accounts that planners may assume.",
        ),
    ] = None,
    delegate: Annotated[
        str | None,
        typer.Option(
            "--delegate",
            metavar="ACCOUNT",
            help="The account that is to roll out, a name or an id: prints how the management "
            "account registers it. Default: the caller's account.",
        ),
    ] = None,
    for_: Annotated[
        Literal["confirm"] | None,
        typer.Option(
            "--for",
            show_default=False,
            help="Print the policies that this command needs instead, without a manifest. With "
            "--probe-role, the role that `confirm --role` names.",
        ),
    ] = None,
    reach: Reach,
    format_: Annotated[
        Literal["text", "json", "cli", "cloudformation"],
        typer.Option("--format", help="For people, for programs, or to be run. Runs none."),
    ] = "text",
) -> int:
    """Show what the organization still needs for a manifest: access, roles, policies."""
    from orgrollout.cli.actions.bootstrap import bootstrap as run
    from orgrollout.cli.actions.confirm_policies import policies_of_confirm

    if for_ is not None:
        return policies_of_confirm(reach, format_, probe_role)
    return run(manifest, reach, format_, probe_role, delegate)


def cost(
    manifest: ManifestPath = HERE,
    *,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="KEY=NUMBER",
            help="Your price instead of an example, such as flow-log-gb-s3=0.25. Repeatable.",
        ),
    ] = None,
    volume: Annotated[
        list[str] | None,
        typer.Option(
            "--volume",
            metavar="KEY=NUMBER",
            help="Your volume in each account and Region, such as flow-log-gb=40. Repeatable.",
        ),
    ] = None,
    reach: Reach,
    format_: FormatOption = "text",
) -> int:
    """Estimate what the baseline costs each month: AWS Config, flow logs, storage, keys.

    Prices and volumes are examples, and the output names all of them. Only the templates that come
    along are estimated.
    """
    from orgrollout.cli.actions.cost import cost as run

    return run(manifest, reach, format_, prices=price or (), volumes=volume or ())


def waivers(manifest: ManifestPath = HERE, *, reach: Reach, format_: FormatOption = "text") -> int:
    """List what the manifest accepts: why, who answers for it, until when, and in how many places.

    Waivers, rules of `drift.ignore` and exclusions, those that have ended included. Only reads.
    """
    from orgrollout.cli.actions.waivers import waivers as run

    return run(manifest, reach, format_)


COMMANDS: tuple[Callable[..., int], ...] = (
    init,
    bootstrap,
    preflight,
    explain,
    cost,
    waivers,
)
