"""Failures that pass without anyone doing anything: throttled, and transient."""

from orgrollout.rollout.failures.known_failures.known import known
from orgrollout.rollout.state.failure_classes import FailureClass

KNOWN = (
    known(
        "throttled",
        FailureClass.THROTTLED,
        codes="Throttling ThrottlingException ThrottledException RequestLimitExceeded "
        "RequestThrottled RequestThrottledException TooManyRequestsException TooManyRequests "
        "SlowDown PriorRequestNotComplete BandwidthLimitExceeded KmsThrottled "
        "ProvisionedThroughputExceededException EC2ThrottledException",
        words=r"rate exceeded|request limit exceeded|throttl|too ?many ?(concurrent )?requests"
        r"|reduce your request rate",
        source="botocore, retry data (throttling errors); cloudfoundry/bosh-aws-cpi-release#61",
    ),
    known(
        "another-operation",
        FailureClass.TRANSIENT,
        codes="OperationInProgressException",
        words=r"another operation on stackset .{0,300} is in progress",
        source="hashicorp/terraform-provider-aws#41388",
    ),
    known(
        "stack-status-unknown",
        FailureClass.TRANSIENT,
        words=r"failed to get stack status",
        source="collected reports",
    ),
    known(
        "stack-busy",
        FailureClass.TRANSIENT,
        words=r"is (currently )?in \w{1,60}_IN_PROGRESS\b",
        source="collected reports",
    ),
    known(
        "changed-at-the-same-time",
        FailureClass.TRANSIENT,
        codes="ConcurrentModificationException ConcurrentModification "
        "ResourceConcurrentModificationException OperationAborted ResourceInUseException "
        "ResourceNotReadyException FinalizingOrganizationException "
        "PolicyChangesInProgressException RemediationInProgressException KMSInvalidStateException "
        "StaleRequestException",
        words=r"conflicting conditional operation is currently in progress|try again later"
        r"|operation cannot be performed at this time",
        source="botocore, organizations ConcurrentModificationException, config "
        "ResourceInUseException, lambda ResourceNotReadyException; Amazon S3 error responses",
    ),
    known(
        "session-expired",
        FailureClass.TRANSIENT,
        codes="ExpiredToken ExpiredTokenException RequestExpired",
        words=r"security token included in the request is expired",
        source="Amazon EC2 API reference, error codes (RequestExpired); botocore, sts "
        "ExpiredTokenException",
    ),
    known(
        "no-capacity",
        FailureClass.TRANSIENT,
        codes="InsufficientInstanceCapacity InsufficientCapacity",
        words=r"have sufficient .{0,60}capacity|sufficient capacity to launch",
        source="Amazon EC2 API reference, error codes (InsufficientInstanceCapacity)",
    ),
    known(
        "custom-resource",
        FailureClass.PERMANENT,
        "look at the log of the function behind the custom resource, in the account and Region, "
        "then retry",
        words=r"from custom resource|response from your custom resource"
        r"|custom resource failed to stabilize",
        everywhere=True,
        source="aws-samples/aws-security-reference-architecture-examples#162; "
        "netscaler/citrix-adc-aws-cloudformation#24; awslabs/landing-zone-accelerator-on-aws#134",
    ),
    known(
        "failed-inside-aws",
        FailureClass.TRANSIENT,
        codes="InternalFailure ServiceInternalError InternalError InternalServerError "
        "InternalServerException InternalServiceError InternalServiceException InternalException "
        "ServiceException ServiceUnavailable ServiceUnavailableException ServerInternal "
        "Unavailable NetworkFailure NotStabilized ServiceTimeout KMSInternalException "
        "HandlerInternalFailure HandlerInternalFailureException HandlerFailureException "
        "DependencyTimeoutException SnapStartTimeoutException",
        words=r"internal ?failure|internal (server|service) error|service unavailable|timed out"
        r"|did not stabilize|exceeded attempts to wait|encountered an internal error"
        r"|internal error (has )?occurred|temporarily unavailable"
        r"|unable to complete ((your|the) )?request at this time|taking longer than usual",
        source="botocore, cloudformation HandlerErrorCode; CloudFormation CLI user guide, handler "
        "error codes; 61418/aws-sso-util#80",
    ),
)
