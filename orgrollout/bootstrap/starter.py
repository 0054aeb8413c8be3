"""A manifest to start from: sound as it is, with the rest of what can be said in comments."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from orgrollout.bootstrap.organization_facts import OrganizationFacts
from orgrollout.bootstrap.yaml_text import comment
from orgrollout.manifest.placeholders import CALLER_ROLE, ORGANIZATION
from orgrollout.model.shown import visible
from orgrollout.organization.snapshot import Account
from orgrollout.organization.tree import OrganizationTree

_STARTER = """\
# What should be true in every account, and how it gets there. Every default is a safe one.
# `orgrollout validate` checks this file, `orgrollout plan` shows what it would do.
{read}version: 1
name: {name}
organization: {organization}    # {which}
home_region: {home_region}          # where the stack sets live

{accounts}
# Who gets them: `all` is every active member account. Or blocks, which add up; an exclusion
# always wins, and needs a reason:
# targets:
#   include:
#     - {{organizational_units: [/Workloads, /Infrastructure]}}   # nested units too
#     - {{accounts: [log_archive]}}
#   exclude:
#     - {{accounts: ["444455556666"], reason: "SEC-142 vendor account", until: 2027-01-31}}
{units}targets: all
{regions}
stack_sets:
  # A role with read access for your auditors would be a template of your own, beside this file:
  # audit-role:
  #   template: audit-role.yaml
  #   parameters: {{NamePrefix: acme}}
  #   parameter_overrides:           # later ones win; `orgrollout explain` shows which
  #     - {{targets: {{organizational_units: [/Legacy]}}, parameters: {{NamePrefix: old}}}}
  #
  # These come along: roles and log buckets, then AWS Config and its rule on VPC flow logs.
  # `orgrollout templates list` shows what else does.
  resync-role:                       # who may look and repair in the accounts
    template: builtin:resync-role
    parameters:
      CallerRole: {caller_role}
{administrator}      ExternalId: {name}-1       # not a secret; the same as drift.external_id
{log_buckets}  account-roles:
    template: builtin:account-roles
  config-regional:
    template: builtin:config-regional
    # Where AWS Config records already, leave its recorder alone; `orgrollout preflight` finds out.
    # parameter_overrides:
    #   - {{targets: all, parameters: {{Recorder: existing}}}}

rollout:
  waves:                             # each account is complete before the next wave starts
    - {{name: canary, sample: {{per_ou: 1}}}}   # also: after: {{approval: required}}
#   - {{name: early, percent: 10}}     # those that are left form the last wave
#   max_failed_accounts: 5%

drift:
  probe_role: orgrollout-resync-probe
  resync_role: orgrollout-resync
  external_id: {name}-1

guards:
  max_removed_accounts: 3            # more needs --allow-removals N
  retain_stacks: true                # removal detaches; the stacks stay
"""
_ACCOUNTS = """\
# Names for accounts, to be used below instead of their ids. Ids are text: keep the quotes.
"""
_NO_ACCOUNTS = """\
# accounts:
#   log_archive: "111122223333"
"""
_REGIONS = """\
regions: [{home_region}]            # or more: [us-east-1, eu-west-1]
"""
_BUCKETS_EVERYWHERE = """\
  log-buckets:                       # in every account: no log archive account is named above
    template: builtin:log-buckets
"""
_BUCKETS = """\
  log-buckets:                       # all accounts deliver there
    template: builtin:log-buckets
    targets: {accounts: [log_archive]}
"""
_CALLER_ROLE = f"{CALLER_ROLE}            # CHANGE: the role that you run orgrollout with"
_MOST_LISTED = 200  # units and accounts; a manifest is read by people
_WIDTH = 96


def starter_manifest(*, name: str, home_region: str) -> str:
    """Return the text of a manifest with an organization id that is to be replaced."""
    return _STARTER.format(
        read="",
        name=name,
        organization=ORGANIZATION,
        which="CHANGE: your organization's id",
        home_region=home_region,
        accounts=_ACCOUNTS + _NO_ACCOUNTS,
        units="",
        regions=_REGIONS.format(home_region=home_region),
        caller_role=_CALLER_ROLE,
        administrator="",
        log_buckets=_BUCKETS_EVERYWHERE,
    )


def manifest_for(found: OrganizationFacts, *, name: str) -> str:
    """Return the text of a manifest for an organization: its id, Regions and accounts."""
    organization = found.organization
    is_management = found.account == organization.management_account
    role = found.caller_role
    return _STARTER.format(
        read=comment(f"Written from organization {organization.id} as seen by {found.caller}."),
        name=name,
        organization=organization.id,
        which="any other is refused",
        home_region=found.home_region,
        accounts=_accounts(found),
        units=_units(found),
        regions=_regions(found),
        caller_role=f"{role}    # the caller's role; write its path before it, if it has one"
        if role
        else _CALLER_ROLE,
        administrator=""
        if is_management
        else f'      AdministratorAccountId: "{found.account}"   # where that role is\n',
        log_buckets=_BUCKETS if log_archive(found) else _BUCKETS_EVERYWHERE,
    )


def log_archive(found: OrganizationFacts) -> Account | None:
    """Return the log archive account, where exactly one account is called like one."""
    candidates = found.log_archives
    return candidates[0] if len(candidates) == 1 else None


def _accounts(found: OrganizationFacts) -> str:
    chosen = log_archive(found)
    if chosen is not None:
        written = f'accounts:\n  log_archive: "{chosen.id}"        # CHECK: {_called(chosen)}\n'
        others = _candidates(found.audit_accounts, "audit")
        return _ACCOUNTS + written + others
    candidates = [*found.log_archives, *found.audit_accounts]
    if not candidates:
        return f"{_ACCOUNTS}# No account is called like a log archive.\n{_NO_ACCOUNTS}"
    several = (
        "# Accounts that may be your log archive: name one, and give log-buckets its targets.\n"
    )
    return f"{_ACCOUNTS}{several}# accounts:\n{_candidates(candidates, 'log_archive')}"


def _candidates(accounts: Iterable[Account], name: str) -> str:
    return "".join(f'#   {name}: "{each.id}"        # {_called(each)}\n' for each in accounts)


def _called(account: Account) -> str:
    return f"called {visible(account.name)}"


def _units(found: OrganizationFacts) -> str:
    """Return the units and the active accounts in them, as comments."""
    lines = list(_tree(found))
    shown = lines[:_MOST_LISTED]
    if left := len(lines) - len(shown):
        shown.append(f"and {left:,} more lines: `aws organizations list-accounts` lists accounts")
    return comment("\n".join(("", "Units and active member accounts:", *shown)))


def _tree(found: OrganizationFacts) -> Iterator[str]:
    tree = OrganizationTree(found.organization)
    members = found.member_accounts
    active = {each.id for each in members}
    for unit in sorted(found.organization.units.values(), key=lambda each: each.path):
        own = [each for each in members if each.parent == unit.id]
        below = len(tree.accounts_under(unit.id) & active)
        yield f"  {visible(unit.path)}   ({below:,} with nested units)"
        yield from (f"    {each.id} {visible(each.name)}" for each in own)


def _regions(found: OrganizationFacts) -> str:
    if found.enabled_regions is None:
        note = comment("The caller may not ask which Regions are enabled (account:ListRegions).")
        return note + _REGIONS.format(home_region=found.home_region)
    text = _listed("regions: [", found.regions_of_all)
    where = comment("Regions that every account has. Leave out those that your policies deny.")
    if not found.opt_in_regions:
        return where + text
    opted = (
        f"# Enabled in {found.account}, perhaps not in others: {', '.join(found.opt_in_regions)}"
    )
    filled = textwrap.fill(opted, _WIDTH, subsequent_indent="#   ", break_on_hyphens=False)
    return f"{where}{text}{filled}\n"


def _listed(start: str, names: Sequence[str]) -> str:
    text = f"{start}{', '.join(names)}]"
    indent = " " * len(start)
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False) + "\n"
