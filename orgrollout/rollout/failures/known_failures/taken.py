"""Names that are taken: the advice depends on what is there already."""

from orgrollout.rollout.failures.known_failures.known import known
from orgrollout.rollout.state.failure_classes import FailureClass

EXISTS = frozenset(
    {
        "AlreadyExists",
        "AlreadyExistsException",
        "EntityAlreadyExists",
        "EntityAlreadyExistsException",
        "ResourceAlreadyExistsException",
        "ResourceAlreadyExists",
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "TrailAlreadyExistsException",
        "ParameterAlreadyExists",
        "DocumentAlreadyExists",
        "QueueNameExists",
        "QueueAlreadyExists",
        "InvalidGroup.Duplicate",
        "Duplicate",
        "DuplicatePolicyException",
        "DuplicateOrganizationalUnitException",
        "NameAlreadyExistsException",
    }
)
_BY_TYPE = {
    "AWS::Config::ConfigurationRecorder": "an account has one recorder in a Region: use what is "
    "there with a parameter override, such as Recorder=existing, then apply",
    "AWS::Config::DeliveryChannel": "an account has one delivery channel in a Region: use what is "
    "there with a parameter override, such as Recorder=existing, then apply",
    "AWS::Config::ConfigRule": "give the rule another name in the template, or delete the one that "
    "is there, then retry",
    "AWS::Logs::": "the log group is there, often made by the service that writes to it: import it "
    "into the stack, or give it another name (deleting it deletes its logs), then retry",
    "AWS::SSO::": "permission sets belong once into one account: let the stack set go to the "
    "account that administers IAM Identity Center, and import or rename what is there",
    "AWS::Organizations::": "what belongs to the organization is made once, in one account: narrow "
    "the targets of the stack set to it",
    "AWS::IAM::": "names in IAM hold for all Regions of an account: let the stack set go to one "
    "Region (`regions: home`), or import or rename what is there",
    "AWS::S3::Bucket": "bucket names are unique in all of AWS: put account and Region into the "
    "name; a bucket of your own can be imported. Where another manifest made it, give one of the "
    "two another name (NamePrefix), or leave the bucket out of one",
    "AWS::EC2::FlowLog": "the VPC has a flow log to that destination already: delete it, or leave "
    "it and take this one out",
    "AWS::KMS::Alias": "the alias is taken in this Region: delete it, or give another name",
    "AWS::SSM::": "another owner made it: import it into the stack, or delete or rename it",
    "AWS::GuardDuty::": "GuardDuty is on in this Region already, often by its delegated "
    "administrator: take the detector out of the template, or import it",
    "AWS::SecurityHub::": "Security Hub is on in this Region already, often by its delegated "
    "administrator: take the hub out of the template, or import it",
    "AWS::CE::": "the name is taken, or the quota of such monitors is used up (both are said so)",
}

SPECIAL = (
    known(
        "service-linked-role-exists",
        FailureClass.PERMANENT,
        "take the service-linked role out of the template; the account has it",
        words=r"already exists but has a different description"
        r"|service role name .{1,100} has been taken",
        refines=EXISTS,
        source="collected reports; IAM API reference, CreateServiceLinkedRole",
    ),
    known(
        "in-another-stack",
        FailureClass.PERMANENT,
        "another stack of the account has it: take it out of one of the two, then retry",
        words=r"already exists in stack",
        refines=EXISTS,
        source="serverless/serverless#3237; collected reports",
    ),
    known(
        "export-taken",
        FailureClass.PERMANENT,
        "the name of an export is there once in an account and Region: put the name of the stack "
        "into it, or delete the other stack, then retry",
        words=r"is already exported by stack",
        source="aws-solutions/aws-waf-security-automations#268",
    ),
    known(
        "flow-log-exists",
        FailureClass.PERMANENT,
        _BY_TYPE["AWS::EC2::FlowLog"],
        codes="FlowLogAlreadyExists",
        words=r"there is an existing flow log",
        source="getmoto/moto#6369",
    ),
)
KNOWN = (
    known(
        "name-taken",
        FailureClass.PERMANENT,
        "import what is there into the stack, delete it, or give the template another name for it, "
        "then retry",
        codes=" ".join(sorted(EXISTS)),
        words=r"already exists|has been taken|already in use by|bucket name is not available"
        r"|you already own it",
        by_type=_BY_TYPE,
        source="CloudFormation CLI user guide, handler error codes (AlreadyExists); "
        "aws-solutions/amazon-marketing-cloud-uploader-from-aws#167; S3 API reference, error codes",
    ),
    known(
        "conflict",
        FailureClass.TRANSIENT,
        codes="ResourceConflict ResourceConflictException ConflictException",
        weak=True,
        source="CloudFormation CLI user guide, handler error codes (ResourceConflict)",
    ),
)
