"""Quotas, by count and by name."""

from orgrollout.rollout.failures.known_failures.known import known
from orgrollout.rollout.state.failure_classes import FailureClass

KNOWN = (
    known(
        "recorder-exists",
        FailureClass.CONFIGURATION,
        "use what is there with a parameter override, such as Recorder=existing, then apply",
        codes="MaxNumberOfConfigurationRecordersExceededException "
        "MaxNumberOfDeliveryChannelsExceededException",
        words=r"maximum number of (customer managed )?(delivery channels|configuration recorders)",
        source="collected reports; botocore, config "
        "MaxNumberOfConfigurationRecordersExceededException",
    ),
    known(
        "retention-exists",
        FailureClass.PERMANENT,
        "an account has one retention configuration of AWS Config in a Region: take it out of the "
        "template, or delete the one that is there",
        codes="MaxNumberOfRetentionConfigurationsExceededException",
        source="botocore, config MaxNumberOfRetentionConfigurationsExceededException",
    ),
    known(
        "policy-too-long",
        FailureClass.PERMANENT,
        "shorten the policy in the template, or divide it: its length has a fixed limit",
        codes="PolicyLengthExceededException",
        words=r"quota for PolicySize|maximum policy size|policy is too (long|large)",
        everywhere=True,
        source="aws-cloudformation/cfn-lint#3804, #3871; aws/aws-parallelcluster#6132",
    ),
    known(
        "log-policy-full",
        FailureClass.CONFIGURATION,
        "the resource policies of CloudWatch Logs are full in this account and Region: delete old "
        "ones, or let the name of the log group begin with /aws/vendedlogs/, then retry",
        words=r"CloudWatch Logs Resource Policy size was exceeded"
        r"|policy document length breaking Cloudwatch Logs",
        everywhere=True,
        source="aws-samples/service-catalog-engine-for-terraform-os#83; "
        "aws-samples/bedrock-chat#189",
    ),
    known(
        "quota-reached",
        FailureClass.CONFIGURATION,
        "raise the quota that is named in the account and Region, or remove what is not needed "
        "there, then retry",
        codes="ServiceLimitExceeded TooManyBuckets LimitExceeded LimitExceededException "
        "ServiceQuotaExceededException ResourceLimitExceeded ResourceLimitExceededException "
        "OverLimit QuotaExceeded QuotaExceededException "
        "MaxActiveResourcesExceededException MaxNumberOfConfigRulesExceededException "
        "MaxNumberOfConformancePacksExceededException "
        "MaxNumberOfOrganizationConfigRulesExceededException "
        "MaxNumberOfOrganizationConformancePacksExceededException "
        "ParameterLimitExceeded "
        "DocumentLimitExceeded MaximumNumberOfTrailsExceededException SubscriptionLimitExceeded "
        "SubscriptionLimitExceededException TopicLimitExceeded TopicLimitExceededException "
        "CodeStorageExceededException VpcLimitExceeded AddressLimitExceeded "
        "InternetGatewayLimitExceeded RulesPerSecurityGroupLimitExceeded FlowLogsLimitExceeded "
        "NatGatewayLimitExceeded VpcEndpointLimitExceeded SubnetIPAddressLimitReachedException "
        "ENILimitReachedException "
        "HierarchyLevelLimitExceededException StackInstanceLimitExceeded",
        words=r"maximum number of|limit ?exceeded|exceeded? (the |your )?.{0,40}(limit|quota)"
        r"|limit for .{1,60} (has been )?exceeded|more .{1,60} than allowed|cannot exceed quota"
        r"|reached (the|its|your) (maximum|limit)|\bquota\b|account limit",
        source="CloudFormation CLI user guide, handler error codes; StackSets troubleshooting "
        "(maximum number of a resource); serverless/serverless#149",
    ),
)
