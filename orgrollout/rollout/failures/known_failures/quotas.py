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
        words=r"maximum number of (delivery channels|configuration recorders)",
        source="stacksets-semantics.md, H; botocore, config "
        "MaxNumberOfConfigurationRecordersExceededException",
    ),
    known(
        "quota-reached",
        FailureClass.CONFIGURATION,
        "raise the quota that is named in the account and Region, or remove what is not needed "
        "there, then retry",
        codes="ServiceLimitExceeded TooManyBuckets LimitExceeded LimitExceededException "
        "ServiceQuotaExceededException ResourceLimitExceeded ResourceLimitExceededException "
        "PolicyLengthExceededException OverLimit QuotaExceeded QuotaExceededException "
        "MaxActiveResourcesExceededException MaxNumberOfConfigRulesExceededException "
        "MaxNumberOfConformancePacksExceededException "
        "MaxNumberOfOrganizationConfigRulesExceededException "
        "MaxNumberOfOrganizationConformancePacksExceededException "
        "MaxNumberOfRetentionConfigurationsExceededException ParameterLimitExceeded "
        "DocumentLimitExceeded MaximumNumberOfTrailsExceededException SubscriptionLimitExceeded "
        "SubscriptionLimitExceededException TopicLimitExceeded TopicLimitExceededException "
        "CodeStorageExceededException VpcLimitExceeded AddressLimitExceeded "
        "InternetGatewayLimitExceeded RulesPerSecurityGroupLimitExceeded FlowLogsLimitExceeded "
        "NatGatewayLimitExceeded VpcEndpointLimitExceeded SubnetIPAddressLimitReachedException "
        "HierarchyLevelLimitExceededException StackInstanceLimitExceeded",
        words=r"maximum number of|limit ?exceeded|exceeded? (the |your )?.{0,40}(limit|quota)"
        r"|limit for .{1,60} (has been )?exceeded|more .{1,60} than allowed|cannot exceed quota"
        r"|reached the (maximum|limit)|\bquota\b",
        source="CloudFormation CLI user guide, handler error codes; StackSets troubleshooting "
        "(maximum number of a resource); serverless/serverless#149",
    ),
)
