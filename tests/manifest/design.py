"""The two manifests that the design shows: the smallest useful one, and one with everything."""

SMALL = """\
version: 1
name: baseline
organization: o-a1b2c3d4e5              # any other is refused
accounts: {log_archive: "111122223333"} # names for accounts
targets: all                            # every active member account; explicit on purpose
regions: [us-east-1, eu-west-1]
stack_sets:
  log-buckets: {template: "builtin:log-buckets", targets: {accounts: [log_archive]}}
  account-roles: {template: "builtin:account-roles"}
  config-regional: {template: "builtin:config-regional"}
  flowlogs-remediation: {template: "builtin:flowlogs-remediation"}
"""

FULL = """\
version: 1
name: security-baseline
organization: o-a1b2c3d4e5
home_region: us-east-1
call_as: auto
accounts: {log_archive: "111122223333", canary: "222233334444"}

region_groups:
  governed: [us-east-1, eu-west-1, ap-northeast-1]
target_groups:
  everyone:
    include:
      - organizational_units: [/Workloads, /Infrastructure]
      - {organizational_units: [/Sandbox], tags: {baseline: [core, strict]}, regions: [us-east-1]}
      - accounts: [canary]
    exclude:
      - {accounts: ["444455556666"], reason: "SEC-142 vendor account", until: 2027-01-31}
      - {organizational_units: [/Workloads/Quarantine], reason: "blocked by SCP"}
      - {tags: {baseline: [opt-out]}, reason: "accepted by CISO"}

targets: everyone
regions: [governed]

stack_sets:
  log-buckets: {template: "builtin:log-buckets", targets: {accounts: [log_archive]}}
  account-roles:
    template: ../stacksets/account-roles.yaml
    parameters: {NamePrefix: acme}
    tags: {owner: security}
  config-regional:
    template: ../stacksets/config-regional.yaml
    depends_on: [account-roles, log-buckets]
    parameters: {DeliveryBucketName: "acme-config-${accounts.log_archive}-${home_region}-an"}
    parameter_overrides:
      - {targets: {organizational_units: [/Workloads/Legacy]}, parameters: {Recorder: existing}}
      - targets: {accounts: [canary]}
        regions: [eu-west-1]
        parameters: {RecordingFrequency: DAILY}
  theirs:
    stack_set_name: TeamX-Config
    adopt: true
    template: teamx.yaml
  old-baseline:
    state: absent

rollout:
  waves:
    - {name: canary, sample: {per_ou: 1}, after: {soak: 30m, approval: required}}
    - {name: early, percent: 10}
  max_failed_accounts: 5%
  operation_preferences:
    max_concurrent_percentage: 25
  retry: {attempts: 4}
  on_failure: halt
  freeze: ["2026-12-20/2027-01-04"]

guards:
  max_removed_accounts: 3
  retain_stacks: true
  never_remove_from: {accounts: ["999988887777"]}
  on_empty_targets: error
  on_missing_target: error
notifications:
  - {sns: "arn:aws:sns:us-east-1:111111111111:rollouts", on: [halted, finished, drift]}

drift:
  ignore:
    - stack_set: config-regional
      resource: ConfigurationRecorder
      property: /RecordingGroup
      reason: "..."
      until: 2027-03-01
"""

TEAMX = 'Resources: {Topic: {Type: "AWS::SNS::Topic"}}\n'
