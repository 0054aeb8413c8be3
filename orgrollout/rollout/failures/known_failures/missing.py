"""What a template needs and the account does not have."""

from orgrollout.rollout.failures.known_failures.known import TWICE, known
from orgrollout.rollout.state.failure_classes import FailureClass

_NOT_FOUND = frozenset(
    {
        "NotFound",
        "ResourceNotFoundException",
        "ResourceNotFound",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NoSuchBucket",
        "NoSuchBucketException",
        "NotFoundException",
        "EntityNotFoundException",
        "NoSuchConfigRuleException",
        "NoSuchConfigurationAggregatorException",
        "NoSuchKey",
        "QueueDoesNotExist",
        "InvalidSNSTopicARNException",
        "S3BucketDoesNotExistException",
        "KMSNotFoundException",
        "KmsKeyNotFoundException",
        "PolicyNotFoundException",
    }
)

KNOWN = (
    known(
        "parameter-missing",
        FailureClass.CONFIGURATION,
        "make the SSM parameter in the account and Region, or give the stack set another value, "
        "then retry",
        codes="ParameterNotFound ParameterVersionNotFound",
        words=r"unable to fetch parameters|parameters: \[ssm:[^\]]{1,300}\] cannot be found",
        source="awslabs/aws-deployment-framework#339; aws-samples/aws-eda-slurm-cluster#21; "
        "aws-solutions/aws-control-tower-customizations#68",
    ),
    known(
        "secret-missing",
        FailureClass.CONFIGURATION,
        "make the secret in the account and Region, then retry",
        words=r"secrets manager can't find the specified secret",
        refines=_NOT_FOUND,
        source="AWS Secrets Manager API reference, ResourceNotFoundException",
    ),
    known(
        "export-missing",
        FailureClass.CONFIGURATION,
        "deploy the stack that exports it in the same account and Region first (`depends_on`), "
        "then retry",
        words=r"no export named",
        source="aws-cloudformation/aws-cloudformation-templates#263, #464",
    ),
    known(
        "stack-missing",
        FailureClass.PERMANENT,
        "the stack is gone from the account: `orgrollout plan` shows what is left to do",
        words=r"stack with id .{1,300} does not exist|stack instance does not exist"
        r"|stack .{1,300} does not exist",
        source="CloudFormation API reference, DescribeStacks",
    ),
    known(
        "not-there",
        FailureClass.CONFIGURATION,
        "make what is named in the account and Region, or give the stack set another value, then "
        "retry",
        codes=" ".join(sorted(_NOT_FOUND)),
        words=r"does not exist|was not found|could not be found|cannot be found|not found",
        attempts=TWICE,
        source="CloudFormation CLI user guide, handler error codes (NotFound); botocore, iam "
        "NoSuchEntity, config NoSuchBucketException",
    ),
)
