"""What a real response of each operation always carries. A response without it is a broken one.

A path names members of the response: ``[]`` is every item of a list that is there, which may have
none; ``[+]`` a list whose only page has at least one; ``?`` at the end a text that may be empty.
Lists are always there in responses of AWS, also those that have no items (`"Summaries": []` is what
the AWS CLI prints where there are no stack sets). What AWS leaves out at times is not listed here:
overrides, reasons, times.

``ECHOES`` are members that say again what was asked for: one that says something else belongs to
another request.
"""

from collections.abc import Mapping

from orgrollout.posture.registry import reads, repairs

_ROW = ("Account", "Region")
_DRIFTED = ("LogicalResourceId", "ResourceType", "StackResourceDriftStatus")


def _each(items: str, *members: str) -> tuple[str, ...]:
    return tuple(f"{items}.{member}" for member in members)


_STARTED = ("OperationId",)
_POSTURE = (*reads(), *repairs())
REQUIRED: Mapping[str, tuple[str, ...]] = {
    **{call.api: call.always for call in _POSTURE},
    "account:ListRegions": _each("Regions[]", "RegionName"),
    "cloudformation:CreateChangeSet": ("Id", "StackId"),
    "cloudformation:CreateStackInstances": _STARTED,
    "cloudformation:CreateStackSet": ("StackSetId",),
    "cloudformation:DeleteChangeSet": (),
    "cloudformation:DeleteStackInstances": _STARTED,
    "cloudformation:DeleteStackSet": (),
    "cloudformation:DescribeChangeSet": ("ChangeSetName", "Status", "Changes[].ResourceChange"),
    "cloudformation:DescribeOrganizationsAccess": ("Status",),
    "cloudformation:DescribeStackDriftDetectionStatus": (
        "StackId",
        "StackDriftDetectionId",
        "DetectionStatus",
    ),
    "cloudformation:DescribeStackEvents": _each("StackEvents[]", "StackId", "EventId"),
    "cloudformation:DescribeStackInstance": _each("StackInstance", "StackSetId", *_ROW),
    "cloudformation:DescribeStackResource": _each(
        "StackResourceDetail", "LogicalResourceId", "ResourceType", "ResourceStatus"
    ),
    "cloudformation:DescribeStackResourceDrifts": _each("StackResourceDrifts[]", *_DRIFTED),
    "cloudformation:DescribeStackSet": _each(
        "StackSet", "StackSetName", "StackSetId", "Status", "TemplateBody"
    ),
    "cloudformation:DescribeStackSetOperation": _each(
        "StackSetOperation", "OperationId", "Action", "Status"
    ),
    "cloudformation:DescribeStacks": _each("Stacks[+]", "StackId", "StackName", "StackStatus"),
    "cloudformation:DetectStackDrift": ("StackDriftDetectionId",),
    "cloudformation:DetectStackSetDrift": _STARTED,
    "cloudformation:ExecuteChangeSet": (),
    "cloudformation:ImportStacksToStackSet": _STARTED,
    "cloudformation:ListStackInstanceResourceDrifts": _each("Summaries[]", *_DRIFTED),
    "cloudformation:ListStackInstances": _each("Summaries[]", "StackSetId", *_ROW),
    "cloudformation:ListStackSetOperationResults": _each("Summaries[]", *_ROW, "Status"),
    "cloudformation:ListStackSetOperations": _each("Summaries[]", "OperationId", "Status"),
    "cloudformation:ListStackSets": _each("Summaries[]", "StackSetName", "StackSetId"),
    "cloudformation:StopStackSetOperation": (),
    "cloudformation:UpdateStackInstances": _STARTED,
    "cloudformation:UpdateStackSet": _STARTED,
    "cloudtrail:LookupEvents": _each("Events[]", "EventId", "EventName", "CloudTrailEvent"),
    "cloudwatch:DescribeAlarms": (
        *_each("MetricAlarms[]", "AlarmArn", "StateValue"),
        *_each("CompositeAlarms[]", "AlarmArn", "StateValue"),
    ),
    "config:DescribeAggregateComplianceByConfigRules": _each(
        "AggregateComplianceByConfigRules[]", "ConfigRuleName", "AccountId", "AwsRegion"
    ),
    "config:DescribeConfigurationRecorders": _each("ConfigurationRecorders[]", "name"),
    "config:DescribeDeliveryChannels": _each("DeliveryChannels[]", "name"),
    "iam:GetRole": _each("Role", "RoleName", "Arn", "AssumeRolePolicyDocument"),
    "events:PutEvents": ("FailedEntryCount",),
    "organizations:DescribeAccount": _each("Account", "Id"),
    "organizations:DescribeOrganization": _each("Organization", "Id", "MasterAccountId"),
    "organizations:DescribePolicy": _each("Policy", "PolicySummary.Id", "Content"),
    "organizations:ListAWSServiceAccessForOrganization": _each(
        "EnabledServicePrincipals[]", "ServicePrincipal"
    ),
    "organizations:ListAccounts": _each("Accounts[+]", "Id"),
    "organizations:ListAccountsForParent": _each("Accounts[]", "Id"),
    "organizations:ListDelegatedAdministrators": _each("DelegatedAdministrators[]", "Id"),
    "organizations:ListOrganizationalUnitsForParent": _each("OrganizationalUnits[]", "Id", "Name"),
    "organizations:ListParents": _each("Parents[+]", "Id"),
    "organizations:ListPolicies": _each("Policies[]", "Id"),
    "organizations:ListRoots": _each("Roots[+]", "Id"),
    "organizations:ListTagsForResource": _each("Tags[]", "Key", "Value?"),
    "organizations:ListTargetsForPolicy": _each("Targets[]", "TargetId"),
    "s3:DeleteObject": (),
    "s3:GetObject": ("ETag", "Body"),
    "s3:HeadBucket": (),
    "s3:ListObjectsV2": ("IsTruncated",),
    "s3:PutObject": ("ETag",),
    "secretsmanager:GetSecretValue": ("SecretString",),
    "sns:Publish": ("MessageId",),
    "ssm:GetDocument": ("Name", "Content"),
    "stepfunctions:DescribeExecution": ("executionArn", "status"),
    "stepfunctions:StartExecution": ("executionArn",),
    "sts:AssumeRole": (
        *_each("Credentials", "AccessKeyId", "SecretAccessKey", "SessionToken"),
        "AssumedRoleUser.Arn",
    ),
    "sts:GetCallerIdentity": ("Account", "Arn"),
}

# Member of the response: parameter of the request.
DOCUMENTS: Mapping[str, str] = {
    "iam:GetRole": "Role.AssumeRolePolicyDocument",
    "organizations:DescribePolicy": "Policy.Content",
}
"""Members that hold a policy: a JSON object as text, in IAM with percent-encoding."""

ECHOES: Mapping[str, Mapping[str, str]] = {
    **{call.api: call.echoes for call in _POSTURE if call.echoes},
    "cloudformation:DescribeChangeSet": {"ChangeSetName": "ChangeSetName"},
    "cloudformation:DescribeStackDriftDetectionStatus": {
        "StackDriftDetectionId": "StackDriftDetectionId"
    },
    "cloudformation:DescribeStackInstance": {
        "StackInstance.Account": "StackInstanceAccount",
        "StackInstance.Region": "StackInstanceRegion",
        "StackInstance.StackSetId": "StackSetName",
    },
    "cloudformation:DescribeStackResource": {
        "StackResourceDetail.LogicalResourceId": "LogicalResourceId"
    },
    "cloudformation:DescribeStackSet": {"StackSet.StackSetName": "StackSetName"},
    "cloudformation:DescribeStackSetOperation": {"StackSetOperation.OperationId": "OperationId"},
    "cloudformation:ListStackInstances": {"Summaries[].StackSetId": "StackSetName"},
    "iam:GetRole": {"Role.RoleName": "RoleName"},
    "organizations:DescribeAccount": {"Account.Id": "AccountId"},
    "organizations:DescribePolicy": {"Policy.PolicySummary.Id": "PolicyId"},
    "stepfunctions:DescribeExecution": {"executionArn": "executionArn"},
    "sts:AssumeRole": {"AssumedRoleUser.Arn": "RoleArn"},
}
