"""Reasons that lie in the account as a whole, or in a Region of it."""

from orgrollout.rollout.failures.known_failures.access import DENIED
from orgrollout.rollout.failures.known_failures.known import TWICE, known
from orgrollout.rollout.state.failure_classes import FailureClass

_ACCOUNT = r"((the|your) )?(aws |member )?account( with id)?( \(?\d{12}\)?)?"
_GONE = r"(account )?(is|has been|was) (currently |in (the )?)?(suspended|closed|pending_closure)"
NOT_READY = "account-not-ready"  # for a new account it is transient

KNOWN = (
    known(
        "account-gate",
        FailureClass.CONFIGURATION,
        "look at the account gate function (AWSCloudFormationStackSetAccountGate) in the account, "
        "then retry",
        words=r"Account ?Gate (check |function )?(failed|returned)|AccountGate\b",
        everywhere=True,
        attempts=TWICE,
        source="CloudFormation API reference, AccountGateResult; hashicorp/terraform-provider-aws",
    ),
    known(
        "account-suspended",
        FailureClass.SKIPPED,
        "no one can deploy there; exclude the account if it stays, or let DeleteStackInstances "
        "with RetainStacks remove the record",
        words=r"SKIPPED_SUSPENDED_ACCOUNT|ACCOUNT_SUSPENDED"
        # What others say of an account may be about another one: the sentence has to begin so.
        rf"|(\A|ResourceStatusReason:|returned message: |FAILED\. )(this|{_ACCOUNT}) {_GONE}",
        everywhere=True,
        source="ansible-collections/community.aws#2358; CloudFormation API reference, "
        "StackInstanceComprehensiveStatus",
    ),
    known(
        NOT_READY,
        FailureClass.CONFIGURATION,
        "the account may not use the service: complete its sign-up (payment method, phone "
        "verification) or ask AWS Support, then retry",
        codes="OptInRequired SubscriptionRequiredException PendingVerification NotSignedUp "
        "AccountOwnerNotVerifiedException",
        words=r"needs a subscription for the service|not subscribed to this service"
        r"|accessing resources in this region is being validated|not signed up for"
        r"|account must be verified|account is pending verification",
        everywhere=True,
        source="awslabs/aws-deployment-framework#243, #283; org-formation/org-formation-cli#133; "
        "awslabs/aws-service-catalog-products#47; openshift/installer#829",
    ),
    known(
        "account-blocked",
        FailureClass.CONFIGURATION,
        "AWS has blocked the account: ask AWS Support, or exclude it",
        codes="Blocked AccountProblem",
        words=r"account is currently blocked|noticed an issue with your AWS account",
        everywhere=True,
        source="thecodeteam/labs#43; Amazon EC2 API reference, error codes (Blocked)",
    ),
    known(
        "region-off-sts",
        FailureClass.CONFIGURATION,
        "enable the Region in the account, or leave it out of `regions`",
        codes="RegionDisabledException",
        words=r"STS is not activated in this region"
        r"|\b[a-z]{2}(-[a-z]{2,5})+-\d is (not enabled|disabled)",
        source="collected reports; IAM API reference, RegionDisabledException of STS",
    ),
    known(
        "region-off-token",
        FailureClass.CONFIGURATION,
        "enable the Region in the account, or leave it out of `regions`",
        codes="InvalidClientTokenId UnrecognizedClientException",
        words=r"security token included in the request is invalid",
        attempts=TWICE,
        source="hashicorp/terraform-provider-aws (retries of stack set instances); "
        "aws-samples/amazon-guardduty-for-aws-organizations-with-terraform#6",
    ),
    known(
        "region-unsupported",
        FailureClass.CONFIGURATION,
        "the service or resource type is not there in this Region: leave the Region out of "
        "`regions` of this stack set",
        codes="UnsupportedAPIEndpointException OperationDisabledException UnsupportedOperation "
        "UnsupportedOperationException",
        refines=DENIED,
        words=r"not (supported|available) in (this |the .{1,40} )?region",
        source="botocore, organizations UnsupportedAPIEndpointException, events "
        "OperationDisabledException",
    ),
)
