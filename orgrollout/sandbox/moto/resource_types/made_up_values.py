"""Made-up values of Ref and Fn::GetAtt, in AWS's form, where moto has no answer."""

from typing import Any

from orgrollout.sandbox.moto.resource_types.resource_schemas import (
    Schema,
    attribute_schema,
    is_list,
)
from orgrollout.sandbox.partitions import partition_of

_ARNS = {
    "AWS::ApplicationInsights": "applicationinsights:{region}:{account}:application/{name}",
    "AWS::CloudFormation::Stack": "cloudformation:{region}:{account}:stack/{name}",
    "AWS::CloudTrail::Trail": "cloudtrail:{region}:{account}:trail/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CodeBuild::Project": "codebuild:{region}:{account}:project/{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::EC2": "ec2:{region}:{account}:{kind}/{name}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{name}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::GuardDuty::Detector": "guardduty:{region}:{account}:detector/{name}",
    "AWS::IAM::Group": "iam::{account}:group/{name}",
    "AWS::IAM::InstanceProfile": "iam::{account}:instance-profile/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::IAM::User": "iam::{account}:user/{name}",
    "AWS::Kinesis::Stream": "kinesis:{region}:{account}:stream/{name}",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:{region}:{account}:deliverystream/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SSM::Parameter": "ssm:{region}:{account}:parameter/{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}
_SERVICE_PARTS = 2


def attribute(
    kind: str, place: tuple[str, str], physical_id: str, properties: Any, name: str
) -> Any:
    """Return what an attribute of a resource might be.

    Raises:
        KeyError: The type has no such attribute.
    """
    schema: Schema | None = attribute_schema(kind, name)
    if isinstance(properties, dict) and name in properties:
        return properties[name]
    value = _value(kind, place, physical_id, name)
    return [value] if is_list(schema) else value


def _value(kind: str, place: tuple[str, str], physical_id: str, name: str) -> str:
    last = name.rsplit(".", 1)[-1]
    if last.lower().endswith("arn"):
        return arn_of(kind, place, physical_id)
    own = kind.rsplit("::", 1)[-1]
    if last in ("Id", "Name", f"{own}Id", f"{own}Name", f"{own}Names"):
        return physical_id.rsplit(":", 1)[-1] if physical_id.startswith("arn:") else physical_id
    return f"{physical_id}.{name}"


def arn_of(kind: str, place: tuple[str, str], physical_id: str) -> str:
    """Return the ARN of a resource, in the form that its service uses where that is known."""
    if physical_id.startswith("arn:"):
        return physical_id
    parts = kind.split("::")
    service = parts[1].lower() if len(parts) >= _SERVICE_PARTS else "cloudformation"
    general = f"{service}:{{region}}:{{account}}:{{name}}"
    form = _ARNS.get(kind) or _ARNS.get("::".join(parts[:_SERVICE_PARTS])) or general
    account, region = place
    name, short = physical_id.lstrip("/"), parts[-1].lower()
    filled = form.format(region=region, account=account, name=name, kind=short)
    return f"arn:{partition_of(region)}:{filled}"
