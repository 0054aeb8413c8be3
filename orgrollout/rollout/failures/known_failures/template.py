"""What is wrong with the template, its parameters or the capabilities."""

from orgrollout.rollout.failures.known_failures.known import TWICE, known
from orgrollout.rollout.state.failure_classes import FailureClass

_MALFORMED = frozenset({"MalformedPolicyDocument", "MalformedPolicyDocumentException"})

KNOWN = (
    known(
        "resource-type-unknown",
        FailureClass.CONFIGURATION,
        "the type is not there in this Region, or not activated in the account: leave the Region "
        "out of `regions`, or activate the extension, then retry",
        codes="TypeNotFoundException InvalidTypeConfiguration UnsupportedTarget",
        words=r"unrecognized resource types?|resource type .{1,120} is not supported",
        source="aws/aws-cli#2684, #3403, #8032; "
        "aws-cloudformation/cloudformation-coverage-roadmap#1020",
    ),
    known(
        "capabilities-missing",
        FailureClass.CONFIGURATION,
        "give the stack set the capability that is named (`capabilities`), then apply",
        codes="InsufficientCapabilitiesException InsufficientCapabilities",
        words=r"requires capabilities",
        source="CloudFormation API reference, InsufficientCapabilities",
    ),
    known(
        "parameters-wrong",
        FailureClass.CONFIGURATION,
        "give the parameter that is named another value in the manifest, then apply",
        words=r"must have values|do not exist in the template"
        r"|parameter validation failed|member must satisfy enum|must be one of allowed",
        source="sat-utils/sat-api#25",
    ),
    known(
        "principal-unknown",
        FailureClass.PERMANENT,
        "see that the principal of the policy exists, then retry",
        words=r"invalid principals?",
        refines=_MALFORMED,
        attempts=TWICE,
        source="collected reports",
    ),
    known(
        "policy-malformed",
        FailureClass.PERMANENT,
        "correct the policy document in the template, then apply",
        codes="MalformedPolicyDocument MalformedPolicyDocumentException MalformedPolicy",
        words=r"malformed ?policy|syntax errors in policy|failed legacy parsing"
        r"|policy has invalid (resource|action)|does not apply to any resource\(s\) in statement",
        source="IAM API reference, MalformedPolicyDocument",
    ),
    known(
        "not-updatable",
        FailureClass.PERMANENT,
        "the property cannot be changed on what exists: give the resource another logical id, so "
        "that it is made again, then apply",
        codes="NotUpdatable",
        words=r"update requires replacement|cannot update a stack when a custom-named resource",
        source="CloudFormation CLI user guide, handler error codes (NotUpdatable)",
    ),
    known(
        "runtime-retired",
        FailureClass.PERMANENT,
        "give the function a runtime in the template that Lambda still supports, then apply",
        words=r"runtime parameter of \S{1,60} is no longer supported",
        source="pgarbe/cdk-ecr-sync#715; alestic/lambdash#13; AWSinAction/lambda#3",
    ),
    known(
        "bucket-without-acls",
        FailureClass.PERMANENT,
        "new buckets have no ACLs: take `AccessControl` out of the bucket in the template and "
        "allow the access in a bucket policy, or set `OwnershipControls`, then apply",
        codes="InvalidBucketAclWithObjectOwnership AccessControlListNotSupported",
        words=r"bucket cannot have ACLs set with ObjectOwnership|the bucket does not allow ACLs",
        source="aws-cloudformation/cloudformation-coverage-roadmap#1606; "
        "awslabs/game-analytics-pipeline#8; defenseunicorns/delivery-aws-iac#159",
    ),
    known(
        "template-wrong",
        FailureClass.PERMANENT,
        "correct the template (`orgrollout validate` shows what can be seen offline), then apply",
        codes="TemplateValidationException ConformancePackTemplateValidationException",
        words=r"template (format|validation) error|template error:|properties validation failed"
        r"|encountered unsupported property|model validation failed|unresolved resource dependenc"
        r"|SSM Secure reference is not supported|incorrect format is used in the following SSM"
        r"|have types not supported by CloudFormation|circular dependency between resources"
        r"|value of property \w{1,80} must be"
        r"|invalid template (property|resource)|transform \S{1,120} failed with"
        r"|property \w{1,80} cannot be empty",
        source="CloudFormation user guide, Troubleshooting; "
        "aws-cloudformation/aws-cloudformation-resource-providers-ssm#60",
    ),
    known(
        "value-refused",
        FailureClass.PERMANENT,
        "the service refuses a value: change the resource that is named in the template, then "
        "apply",
        codes="InvalidRequest InvalidParameterValue InvalidParameterValueException "
        "InvalidParameterException InvalidParameter BadRequestException InvalidInput "
        "InvalidInputException InvalidS3KeyPrefixException InvalidRecordingGroupException "
        "InvalidRoleException InvalidS3KmsKeyArnException InvalidEventPatternException "
        "InvalidArgument MalformedXML",
        weak=True,
        words=r"not applicable for s3 delivery|failed to satisfy constraint|invalid parameter"
        r"|cross-account pass role is not allowed|for parameter \S{1,80} is invalid",
        source="CloudFormation CLI user guide, handler error codes (InvalidRequest); "
        "aws-samples/aws-secure-environment-accelerator#1111",
    ),
)
