"""What every key of the manifest means, for editors (JSON Schema) and for the reference page."""

_SELECTION = {
    "organizational_units": "Units by path (/Workloads/Prod), id, or unique name; with every "
    "account below, at any depth.",
    "accounts": "Names from `accounts`, or ids in quotes.",
    "tags": "Tags of the account, each with the values that count: {baseline: [core, strict]}.",
}

_BLOCK = {
    **_SELECTION,
    "match": "Whether all tags must fit, or any.",
    "regions": "Only these Regions of the stack set's own; names of Regions, region groups or "
    "`home`.",
}

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Manifest": {
        "version": "The version of this format.",
        "name": "The name of the manifest: it begins the name of every stack set, and marks them "
        "as its own.",
        "organization": "The id of the organization. In any other, nothing is done.",
        "home_region": "The Region that the stack sets live in. Required, unless every stack set "
        "goes to one and the same Region: then that is it. It is never taken from the shell.",
        "call_as": "As whom service-managed stack sets are called; `auto` finds out.",
        "journal": "Where the state of rollouts is kept: a folder, a file, or "
        "`s3://BUCKET/PREFIX`. Default: the state directory of this machine.",
        "template_bucket": "Where `apply` puts what is too large for a call, as "
        "`s3://BUCKET/PREFIX`: templates of more than 51,200 bytes, lists of more than ten stacks "
        "to import.",
        "accounts": 'Names for accounts: {log_archive: "111122223333"}.',
        "region_groups": "Names for lists of Regions.",
        "target_groups": "Names for targets.",
        "targets": "Which accounts, for stack sets that say nothing else.",
        "regions": "Which Regions, for stack sets that say nothing else: names of Regions, region "
        "groups, `home`, or `enabled`.",
        "stack_sets": "The stack sets, each under a key of its own.",
        "templates": "What holds for all templates.",
        "rollout": "How a plan is carried out.",
        "guards": "What a plan may never do by accident.",
        "drift": "How drift is looked at, what is left alone, what may be repaired by itself.",
        "notifications": "Who is told of what.",
    },
    "Templates": {"lint": "What is made of what cfn-lint says of them."},
    "TemplatesLint": {
        "severity": "The least that `validate` refuses: `error`, `warning`, `informational`.",
        "accept": "Ids of rules that are accepted, such as W2001; `W` stands for all warnings.",
    },
    "Lint": {"accept": "The same for this template alone."},
    "Block": _BLOCK,
    "Exclusion": {
        **_BLOCK,
        "reason": "Why, for those who come later; `explain` and `coverage` show it.",
        "until": "The last day on which the exclusion holds.",
    },
    "Targets": {
        "include": "`all`, one block, or several, which add up.",
        "exclude": "One block or several, each with a reason. An exclusion always wins.",
    },
    "ParameterOverride": {
        "targets": "Which accounts; as for a stack set.",
        "regions": "Only these Regions. Default: all of the stack set's.",
        "parameters": "The values that differ there.",
    },
    "StackSet": {
        "template": "A file, relative to the manifest, or builtin:NAME.",
        "stack_set_name": "What CloudFormation calls it. Default: the manifest's name, a hyphen, "
        "the key.",
        "state": "`absent` takes the stack set away; removing its key leaves it alone.",
        "adopt": "Take over a stack set that exists and is not ours.",
        "import_stacks": "Ids (ARNs) of stacks that exist, to become stack instances instead of "
        "new stacks.",
        "description": "What CloudFormation shows.",
        "targets": "Which accounts. Default: the manifest's.",
        "regions": "Which Regions. Default: the manifest's; for templates that go once to each "
        "account, the home Region.",
        "depends_on": "Keys of stack sets that come first, account by account. Default: what the "
        "template says.",
        "parameters": "Values for the template's parameters. `${...}` stands for something.",
        "parameter_overrides": "Other values for some accounts or Regions; later ones win.",
        "tags": "Tags for the stacks and what is in them.",
        "capabilities": "What the template may do, such as CAPABILITY_NAMED_IAM. Default: what "
        "the template says.",
        "permission_model": "Who provides the roles: AWS Organizations, or you.",
        "administration_role_arn": "The role to work with; self_managed only.",
        "execution_role_name": "The role in each account; self_managed only.",
        "managed_execution": "Let operations of this stack set run side by side "
        "(CloudFormation's managed execution). Default: off.",
        "auto_deployment": "Let CloudFormation deploy to new accounts by itself.",
        "retain_stacks": "Keep the stacks of instances that are removed. Default: the one of "
        "`guards`.",
        "lint": "What cfn-lint may say of its template, besides `templates.lint`.",
    },
    "Gate": {
        "soak": "How long to wait: 30m, 2h, 1h30m, 3d.",
        "approval": "`required`: wait for `orgrollout approve`.",
        "not_by": "`planner`: the person who planned or began the rollout may not approve it.",
        "alarm": "The ARN of a CloudWatch alarm that must stay quiet while the wave soaks.",
    },
    "Sample": {"per_ou": "How many accounts of each organizational unit."},
    "Wave": {
        "name": "What plans and reports call it.",
        "sample": "Some accounts of every organizational unit.",
        "percent": "Up to this share of all accounts, those of earlier waves included; stable "
        "from plan to plan.",
        **_SELECTION,
        "operation_preferences": "For this wave, instead of those of the rollout.",
        "after": "What must happen before the next wave starts.",
    },
    "Preferences": {
        "max_concurrent_percentage": "Share of the accounts of a Region to deploy to at a time. "
        "Default: 25, unless a count is given.",
        "max_concurrent_count": "The same as a count.",
        "failure_tolerance_percentage": "Share of the accounts of a Region that may fail before "
        "CloudFormation stops there.",
        "failure_tolerance_count": "The same as a count.",
        "region_concurrency": "All Regions at the same time, or one after another.",
        "region_order": "Which Regions first, when sequential.",
        "concurrency_mode": "`strict` lets the tolerance limit how many run at a time.",
    },
    "Retry": {"attempts": "How often a stack instance is tried, the first time included."},
    "FailurePattern": {
        "pattern": "A regular expression, searched for in the reason of a failure.",
        "advice": "What a person should do about it.",
        "attempts": "How often it is tried, the first time included. Default: as often as its "
        "class is.",
    },
    "FreezeWindow": {
        "start": "The first moment: a day or a time, in UTC unless it says otherwise.",
        "end": "The last day, or the first moment after it.",
    },
    "Rollout": {
        "waves": "Parts of the accounts, each done before the next starts. The accounts that are "
        "left form the last one.",
        "max_failed_accounts": "How many accounts of a wave may fail, after retries, before the "
        "rollout halts: a count, or a share like 5%.",
        "operation_preferences": "What is sent with every operation.",
        "retry": "How failed stack instances are tried again.",
        "failure_classes": "Reasons that this organization knows, by class: throttled, transient, "
        "blocked_by_policy, configuration, permanent, skipped.",
        "on_failure": "What happens when too many fail: the rollout halts, or what it updated is "
        "taken back by another one.",
        "updates_by": "How a changed definition is brought to stack instances after the first "
        "operation. `update_stack_set` is for when UpdateStackInstances turns out to apply the old "
        "one; see Operating rollouts.",
        "freeze": "Spans in which no operation starts, as START/END.",
    },
    "Accounts": {"accounts": "Names from `accounts`, or ids in quotes."},
    "Guards": {
        "max_removed_accounts": "A plan that takes stack instances from more accounts is refused "
        "without --allow-removals. Accounts that are suspended or closed are counted apart.",
        "max_departed_accounts": "A plan that detaches the stacks of more accounts, because the "
        "organization no longer has them, is refused without --allow-departed; `apply "
        "--unattended` leaves them alone.",
        "retain_stacks": "Removal detaches: the stacks stay in their accounts.",
        "detach_suspended": "Detach stack instances in accounts that are suspended or closed; "
        "their stacks stay. Otherwise they are left alone and reported.",
        "never_remove_from": "Accounts that nothing is ever removed from.",
        "on_empty_targets": "What targets that select no account lead to.",
        "on_missing_target": "What a unit or account that the organization lacks leads to.",
    },
    "DriftIgnore": {
        "stack_set": "Key of the stack set.",
        "resource": "Logical id of the resource.",
        "property": "JSON pointer to the property. Default: the whole resource.",
        "reason": "Why, for those who come later.",
        "until": "The last day on which it holds.",
    },
    "Drift": {
        "probe_role": "Name of the role in member accounts that looks at posture. Default: "
        "`resync_role`. With neither, posture is unknown.",
        "resync_role": "Name of the role in member accounts that `resync` repairs with.",
        "external_id": "What the roles ask for (sts:ExternalId); for those of builtin:resync-role, "
        "its parameter ExternalId.",
        "aggregator": "Name of an aggregator of AWS Config in the caller's account and home "
        "Region, which is asked before any account is.",
        "ignore": "Differences that are known and accepted.",
        "unattended": "What `resync --unattended` may do; all else is only reported.",
    },
    "Unattended": {
        "max_instances": "How many stack instances one run may repair. More: none is.",
        "resource_types": "Types that change sets may revert, `*` for any part of a name. "
        "Default: all.",
        "windows": "When something may be repaired. Default: always.",
    },
    "ResyncWindow": {
        "days": "Days on which it begins. Default: all.",
        "start": "When it begins, as HH:MM, in UTC.",
        "end": "When it is over, as HH:MM; before `start`: on the next day.",
    },
    "Notification": {
        "sns": "The ARN of an SNS topic, in any Region.",
        "on": "`halted`: a rollout does not go on by itself; `finished`: it has ended; `drift`: "
        "something is not as deployed.",
    },
}
