"""Reasons of services that a security baseline is made of."""

from orgrollout.rollout.failures.known_failures.known import known
from orgrollout.rollout.failures.known_failures.taken import EXISTS
from orgrollout.rollout.state.failure_classes import FailureClass

KNOWN = (
    known(
        "no-recorder",
        FailureClass.CONFIGURATION,
        "make the configuration recorder of AWS Config first: let the stack set with the recorder "
        "come before this one (`depends_on`), or leave the Region out, then retry",
        codes="NoAvailableConfigurationRecorderException NoRunningConfigurationRecorderException "
        "NoSuchConfigurationRecorderException",
        words=r"create a configuration recorder before",
        source="aws-samples/aws-devsecops-workshop#7; boto/boto3#2178; "
        "aws-samples/aws-system-manager-automation-unencrypted-to-encrypted-resources#17",
    ),
    known(
        "no-delivery-channel",
        FailureClass.CONFIGURATION,
        "make the delivery channel of AWS Config in the same template as the recorder, then apply",
        codes="NoAvailableDeliveryChannelException NoSuchDeliveryChannelException "
        "LastDeliveryChannelDeleteFailedException",
        words=r"delivery channel is not available to start",
        source="aws/aws-cdk#9001",
    ),
    known(
        "service-not-on",
        FailureClass.CONFIGURATION,
        "switch the service on in the account and Region first: let the stack set that does so "
        "come before this one (`depends_on`), then retry",
        words=r"is not subscribed to (AWS )?Security Hub|must be subscribed to (AWS )?Security Hub"
        r"|\b(Macie|Inspector|Detective) is not enabled",
        everywhere=True,
        source="joshlarsen/aws-recon#65; mondoohq/mql#5988",
    ),
    known(
        "not-the-administrator",
        FailureClass.CONFIGURATION,
        "only the delegated administrator of the service may do this: let the stack set go to that "
        "account alone, or register the account first, then retry",
        words=r"is not an administrator for this organization",
        everywhere=True,
        source="hashicorp/terraform-provider-aws#23079",
    ),
    known(
        "service-already-on",
        FailureClass.PERMANENT,
        "the service is on in this account and Region already, often by its delegated "
        "administrator: take the resource out of the template there, or import it",
        words=r"detector already exists for the current account|already subscribed to Security Hub"
        r"|already enabled for|is already a member",
        refines=EXISTS | {"InternalFailure"},
        source="hashicorp/terraform-provider-aws#11780, #31875; "
        "nozaq/terraform-aws-secure-baseline#158, #199",
    ),
    known(
        "parameter-tier",
        FailureClass.PERMANENT,
        "keep the tier of the parameter, or delete the parameter in the account first",
        words=r"advanced-parameter tier",
        source="collected reports; AWS Systems Manager user guide, parameter tiers",
    ),
    known(
        "revert-not-possible",
        FailureClass.CONFIGURATION,
        "CloudFormation does not bring this stack back by a REVERT_DRIFT change set: change the "
        "resource back by hand, as `orgrollout drift` names it, or accept it by a rule under "
        "`drift.ignore`",
        words=r"REVERT_DRIFT|replacement of drifted resources, which is not supported"
        r"|resolve drift before changing immutable",
        everywhere=True,
        source="aws-cloudformation/cloudformation-coverage-roadmap#2465",
    ),
    known(
        "change-later",
        FailureClass.PERMANENT,
        "the resource cannot be changed as it is now: wait as long as the reason says, then retry",
        words=r"can't currently modify",
        source="Amazon RDS user guide, storage modifications",
    ),
)
