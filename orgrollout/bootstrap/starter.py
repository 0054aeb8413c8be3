"""A manifest to start from: sound as it is, with the rest of what can be said in comments."""

_STARTER = """\
# What should be true in every account, and how it gets there. Every default is a safe one.
# `orgrollout validate` checks this file, `orgrollout plan` shows what it would do.
version: 1
name: {name}
organization: {organization}    # {which}
home_region: {home_region}          # where the stack sets live

# Names for accounts, to be used below instead of their ids. Ids are text: keep the quotes.
# accounts:
#   log_archive: "111122223333"

# Who gets them: `all` is every active member account. Or blocks, which add up; an exclusion
# always wins, and needs a reason:
# targets:
#   include:
#     - {{organizational_units: [/Workloads, /Infrastructure]}}   # nested units too
#     - {{accounts: [log_archive]}}
#   exclude:
#     - {{accounts: ["444455556666"], reason: "SEC-142 vendor account", until: 2027-01-31}}
targets: all
regions: [{home_region}]            # or more: [us-east-1, eu-west-1]

stack_sets:
  # A role with read access for your auditors would be a template of your own, beside this file:
  # audit-role:
  #   template: audit-role.yaml
  #   parameters: {{NamePrefix: acme}}
  #   parameter_overrides:           # later ones win; `orgrollout explain` shows which
  #     - {{targets: {{organizational_units: [/Legacy]}}, parameters: {{NamePrefix: old}}}}
  #
  # These come along: roles once per account, then AWS Config and its rule on VPC flow logs.
  # `orgrollout templates list` shows what else does.
  resync-role:                       # who may look and repair in the accounts
    template: builtin:resync-role
    parameters:
      CallerRole: Rollout            # CHANGE: the role that you run orgrollout with
      ExternalId: {name}-1       # not a secret; the same as drift.external_id
  account-roles:
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


def starter_manifest(*, name: str, organization: str | None, home_region: str) -> str:
    """Return the text of a manifest. Without an organization it holds an id to be replaced."""
    return _STARTER.format(
        name=name,
        organization=organization or "o-a1b2c3d4e5",
        which="any other is refused" if organization else "CHANGE: your organization's id",
        home_region=home_region,
    )
