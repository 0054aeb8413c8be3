"""Permissions, roles and trust, where AWS does not name the kind of the policy."""

from orgrollout.rollout.failures.known_failures.known import TWICE, known
from orgrollout.rollout.state.failure_classes import FailureClass

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "UnauthorizedAccess",
        "UnauthorizedTaggingOperation",
        "UnauthorizedException",
        "NotAuthorized",
        "AuthorizationError",
        "AuthorizationErrorException",
        "AccessDeniedForDependencyException",
        "OrganizationAccessDeniedException",
        "InsufficientPermissionsException",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "InvalidCredentials",
        "Forbidden",
    }
)
_TRUST = "StackSets troubleshooting, CloudFormation user guide; collected reports"

KNOWN = (
    known(
        "service-role-missing",
        FailureClass.CONFIGURATION,
        "CloudFormation makes this role itself: see that trusted access is on and that the account "
        "is active and of the organization; where someone deleted the role, ask AWS Support",
        words=r"should have '(stacksets-exec-|AWSServiceRoleForCloudFormationStackSets)",
        attempts=TWICE,
        source="superwerker/superwerker#243",
    ),
    known(
        "execution-role-missing",
        FailureClass.CONFIGURATION,
        "make the execution role in the account and let it trust the administrator, then retry",
        words=r"should have '[^']{0,120}' role with trust relationship to Role"
        r"|unable to assume the \w{1,64}Execution(Role)? role",
        attempts=TWICE,
        source="aws-solutions/aws-control-tower-customizations#109; superwerker/superwerker#143; "
        f"{_TRUST}",
    ),
    known(
        "administration-role-missing",
        FailureClass.CONFIGURATION,
        "make the administration role and let it trust CloudFormation, then retry",
        words=r"should have '[^']{0,120}' role with trust relationship to CloudFormation",
        source=_TRUST,
    ),
    known(
        "no-trusted-access",
        FailureClass.CONFIGURATION,
        "activate trusted access in the management account, or register the delegated "
        "administrator, then retry",
        codes="AWSOrganizationsNotInUseException",
        words=r"must enable organizations access|not a delegated admin"
        r"|must be the management account or delegated admin"
        r"|trusted access .{0,60}(not|disabled)",
        source="hashicorp/terraform-provider-aws#37069, #32536; cdklabs/cdk-stacksets#265",
    ),
    known(
        "stack-sets-role-not-made",
        FailureClass.CONFIGURATION,
        "see that no policy keeps CloudFormation from making its role stacksets-exec-* in the "
        "account, then retry",
        words=r"DEFAULT_ROLE_CREATION_ERROR",
        attempts=TWICE,
        source="collected reports",
    ),
    known(
        "config-delivery-denied",
        FailureClass.CONFIGURATION,
        "let the policy of the log bucket (and of its KMS key) allow AWS Config of this account to "
        "write, then retry",
        codes="InsufficientDeliveryPolicyException",
        words=r"insufficient delivery policy to s3 bucket",
        attempts=TWICE,
        source="aws/aws-cli#3516; hashicorp/terraform-provider-aws#8655; "
        "awslabs/landing-zone-accelerator-on-aws#127",
    ),
    known(
        "flow-log-destination-denied",
        FailureClass.CONFIGURATION,
        "let the policy of the bucket, or of the log group, allow delivery.logs.amazonaws.com from "
        "this account, and check its ARN, then retry",
        codes="LogDestinationNotFoundException LogDestinationPermissionIssueException "
        "LogDestinationPermissionIssue",
        words=r"access denied for LogDestination",
        everywhere=True,
        attempts=TWICE,
        source="Amazon VPC user guide, Troubleshoot VPC Flow Logs; hashicorp/terraform-provider-aws"
        " (TestAccVPCFlowLog_destinationError)",
    ),
    known(
        "trail-delivery-denied",
        FailureClass.CONFIGURATION,
        "let the policy of the bucket, topic or key allow CloudTrail of this account to write, then"
        " retry",
        codes="InsufficientS3BucketPolicyException InsufficientSnsTopicPolicyException "
        "InsufficientEncryptionPolicyException",
        words=r"incorrect S3 bucket policy is detected"
        r"|insufficient permissions to access S3 bucket",
        attempts=TWICE,
        source="botocore, cloudtrail InsufficientS3BucketPolicyException and companions",
    ),
    known(
        "log-delivery-denied",
        FailureClass.CONFIGURATION,
        "let the policy of the bucket allow the service that writes its logs there, then retry",
        words=r"access denied for bucket: ",
        everywhere=True,
        attempts=TWICE,
        source="Elastic Load Balancing user guide, access logs (troubleshooting)",
    ),
    known(
        "key-pending-deletion",
        FailureClass.CONFIGURATION,
        "cancel the deletion of the KMS key, or enable it, or name another one, then retry",
        codes="DisabledException KMSDisabledException",
        words=r"\bkey\b.{0,120} is (pending (deletion|import)|disabled)\b",
        everywhere=True,
        source="hashicorp/terraform-provider-aws#17889; AWS KMS developer guide, Key states of KMS "
        "keys; botocore, kms DisabledException",
    ),
    known(
        "key-not-usable",
        FailureClass.CONFIGURATION,
        "let the policy of the KMS key allow the service that encrypts with it (for log groups "
        "logs.REGION.amazonaws.com), and see that the key is in the same Region, then retry",
        words=r"specified KMS key does not exist or is not allowed to be used",
        everywhere=True,
        attempts=TWICE,
        source="aws/aws-cdk#28304; hashicorp/terraform-provider-aws#29282; "
        "ministryofjustice/modernisation-platform#7870",
    ),
    known(
        "notification-refused",
        FailureClass.CONFIGURATION,
        "let the function, topic or queue allow S3 to call it, and let the template make that "
        "before the bucket (DependsOn), then retry",
        words=r"unable to validate the following destination configurations",
        everywhere=True,
        attempts=TWICE,
        source="aws-samples/aws-control-tower-account-factory#1",
    ),
    known(
        "role-not-assumable",
        FailureClass.CONFIGURATION,
        "let the role trust the service that is named; one that was just made takes a minute",
        words=r"\bcannot be assumed\b|cannot assume role"
        r"|unable to assume (the |this )?(provided |service )?role"
        r"|must be assumable with",
        refines=DENIED,
        attempts=TWICE,
        source="aws-samples/aws-ct-vpc-flowlogs#1; Miserlou/Zappa#381; serverless/serverless#4384",
    ),
    known(
        "denied-without-a-reason",
        FailureClass.CONFIGURATION,
        "AWS names no reason: CloudTrail of the account and Region has the call; look at the role's"
        " permissions there, and at the organization's policies for that Region, then retry",
        words=r"AccessDenied\w{0,20}: null|API: \w{1,40}:\w{1,60} Access Denied"
        r"|\"?Access Denied \(Service:|access denied for operation '",
        refines=DENIED,
        attempts=TWICE,
        source="hashicorp/terraform-provider-aws#36509; prowler-cloud/prowler#793; "
        "aws-samples/unishop-monolith-to-microservices#47",
    ),
    known(
        "permission-missing",
        FailureClass.CONFIGURATION,
        "give the execution role the permission that is named, then retry",
        codes=" ".join(sorted(DENIED)),
        words=r"is not authorized to perform|insufficient .{0,80}permissions"
        r"|does(?:n't| not) have permissions|do(?:es)? not have permission to"
        r"|not have sufficient permissions|access denied"
        r"|not authorized to perform this operation",
        attempts=TWICE,
        source="hashicorp/terraform-provider-aws (retries of stack set instances); "
        "aws-solutions/quota-monitor-for-aws#97; CloudFormation CLI user guide, handler error "
        "codes",
    ),
)
