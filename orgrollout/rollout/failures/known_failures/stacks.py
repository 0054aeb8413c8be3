"""The state of the stack itself, and what keeps it from being deleted."""

from orgrollout.rollout.failures.known_failures.known import known
from orgrollout.rollout.state.failure_classes import FailureClass

FIRST = (
    known(
        "tolerance-exceeded",
        FailureClass.CANCELLED,
        words=r"cancell?ed since failure tolerance has exceeded",
        everywhere=True,
        source="aws-solutions/aws-control-tower-customizations#28",
    ),
    known(
        "rollback-failed",
        FailureClass.PERMANENT,
        "continue the rollback of that stack in the account (ContinueUpdateRollback), then retry",
        words=r"\bUPDATE_ROLLBACK_FAILED\b",
        everywhere=True,
        source="awslabs/landing-zone-accelerator-on-aws#134; CloudFormation user guide, "
        "Troubleshooting (update rollback failed)",
    ),
    known(
        "stack-broken",
        FailureClass.PERMANENT,
        "repair or delete that stack in the account, then retry",
        words=r"is in (?!\w{1,60}_IN_PROGRESS)\w{1,60} state and can ?not be updated",
        everywhere=True,
        source="collected reports",
    ),
    known(
        "termination-protection",
        FailureClass.PERMANENT,
        "switch termination protection off, or detach instead of delete",
        words=r"cannot be deleted while TerminationProtection",
        everywhere=True,
        source="collected reports; CloudFormation user guide, Troubleshooting (delete stack fails)",
    ),
    known(
        "bucket-not-empty",
        FailureClass.PERMANENT,
        "empty the bucket, or detach instead of delete",
        codes="BucketNotEmpty",
        words=r"bucket you tried to delete is not empty",
        source="F5Networks/f5-aws-cloudformation#52, #95; aws/aws-cdk#21776",
    ),
    known(
        "vault-not-empty",
        FailureClass.PERMANENT,
        "delete the recovery points of the vault, or detach instead of delete, then retry",
        words=r"backup vault cannot be deleted.{0,20}contains (\d+ )?recovery points",
        everywhere=True,
        source="hashicorp/terraform-provider-aws#13247; aws/aws-cdk#33711",
    ),
    known(
        "export-in-use",
        FailureClass.PERMANENT,
        "other stacks of the account import this value: take the import out of them first, or let "
        "the export stay as it is, then retry",
        words=r"export \S{1,255} cannot be (deleted|updated) as it is in use"
        r"|cannot (delete|update) export \S{1,255} as it is in use",
        everywhere=True,
        source="aws/aws-cdk#604, #8671; rlister/stax#40; linz/geostore#630",
    ),
    known(
        "still-in-use",
        FailureClass.PERMANENT,
        "remove from it what was added by hand, or detach instead of delete",
        codes="DeleteConflict DeleteConflictException DependencyViolation "
        "RepositoryNotEmptyException PolicyInUseException",
        words=r"cannot delete entity|cannot be deleted because|has dependencies"
        r"|has a dependent object",
        everywhere=True,
        source="aws/aws-dotnet-deploy#653; burtcorp/athena-runner#1; collected reports",
    ),
)
LAST = (
    known(
        "look-at-events",
        FailureClass.PERMANENT,
        "the cause is in the events of the stack, in the account and Region",
        words=r"resource\(s\) failed to (create|update|delete)|delete requested by user"
        r"|rollback requested by user|resource (creation|update) cancelled"
        r"|was not successfully (created|updated)|unexpectedly stopped or failed",
        source="awslabs/aws-well-architected-labs#973; aws-quickstart/quickstart-hitrust-csf#1",
    ),
)
