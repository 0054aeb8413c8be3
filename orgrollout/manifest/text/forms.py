"""Texts of one form each: the pattern, and what is said of a text that does not match it."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from orgrollout.manifest.text.values import refusal

# Of IAM (CreateRole, API reference). It goes into commands and policies that people run.
_ROLE_NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"


@dataclass(frozen=True, slots=True)
class Form:
    """How a text must look. In an annotation it checks the text, and editors get the pattern."""

    pattern: str  # of the whole text, as JSON Schema and Python both read it
    wrong: str  # follows the text in a message
    fix: str

    def fits(self, text: str) -> bool:
        """Return whether all of a text has this form."""
        return re.fullmatch(self.pattern, text, re.ASCII) is not None

    def refused(self, text: str) -> PydanticCustomError:
        """Return the error for a text that has another form."""
        return refusal(f"`{text}` {self.wrong}", self.fix)

    def checked(self, text: str) -> str:
        """Return the text, if it has this form."""
        if not self.fits(text):
            raise self.refused(text)
        return text

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}


NAME = Form(
    r"^[A-Za-z][A-Za-z0-9-]{0,39}$",
    "is no name.",
    "Use at most 40 letters, digits and hyphens, a letter first.",
)
KEY = Form(
    r"^[A-Za-z][A-Za-z0-9-]{0,79}$",
    "is no key.",
    "Use at most 80 letters, digits and hyphens, a letter first.",
)
ACCOUNT_ID = Form(r"^\d{12}$", "is no account id.", "Write twelve digits in quotes.")
ORGANIZATION_ID = Form(
    r"^o-[a-z0-9]{10,32}$",
    "is no organization id.",
    "Write it like o-a1b2c3d4e5; `aws organizations describe-organization` shows it.",
)
ALARM_ARN = Form(
    r"^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$",
    "is no ARN of a CloudWatch alarm.",
    "Write it like arn:aws:cloudwatch:us-east-1:111122223333:alarm:NAME.",
)
TOPIC_ARN = Form(
    r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$",
    "is no ARN of an SNS topic.",
    "Write it like arn:aws:sns:us-east-1:111122223333:rollouts.",
)
EVENT_BUS_ARN = Form(
    r"^arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[A-Za-z0-9._/-]{1,256}$",
    "is no ARN of an event bus.",
    "Write it like arn:aws:events:us-east-1:111122223333:event-bus/security.",
)
WEBHOOK_PLACE = Form(
    r"^(env:[A-Za-z_][A-Za-z0-9_]{0,254}"
    r"|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,519})$",
    "does not say where the URL of the webhook is.",
    "Write env:NAME for an environment variable, or the ARN of a secret. The URL is a secret: it "
    "is never in a manifest.",
)
TIME_OF_DAY = Form(
    r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$",
    "is no time of day.",
    'Write hours and minutes in quotes, such as "08:30".',
)
LINT_RULE = Form(
    r"^[EWI](\d{4})?$",
    "is no rule of cfn-lint.",
    "Write its id, such as W2001, or E, W or I for all of a kind.",
)
ROLE_NAME = Form(
    rf"^{_ROLE_NAME}$",
    "is no name of a role.",
    "Use at most 64 letters, digits and any of _+=,.@-.",
)
ROLE_BELOW_PATH = Form(
    rf"^([A-Za-z0-9_+=,.@-]{{1,128}}/)*{_ROLE_NAME}$",
    "names no role.",
    "Write its name alone, below its path if it has one: at most 64 letters, digits and "
    "+=,.@_-, and no ARN.",
)
ROLE_ARN = Form(
    rf"^arn:aws[a-z-]*:iam::[0-9]{{12}}:role/([!-~]+/)?{_ROLE_NAME}$",
    "is no ARN of a role.",
    "Write it like arn:aws:iam::111122223333:role/StackSetAdministration.",
)
EXTERNAL_ID = Form(  # of STS (AssumeRole, API reference)
    r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$",
    "can be no external id.",
    "Use 2 to 1,224 letters, digits and +=,.@:/_-.",
)

ManifestName = Annotated[str, NAME]
Key = Annotated[str, KEY]
AccountNumber = Annotated[str, ACCOUNT_ID]
OrganizationNumber = Annotated[str, ORGANIZATION_ID]
AlarmArn = Annotated[str, ALARM_ARN]
TopicArn = Annotated[str, TOPIC_ARN]
EventBusArn = Annotated[str, EVENT_BUS_ARN]
WebhookPlace = Annotated[str, WEBHOOK_PLACE]
TimeOfDay = Annotated[str, TIME_OF_DAY]
LintRule = Annotated[str, LINT_RULE]
ExecutionRoleName = Annotated[str, ROLE_NAME]
RoleName = Annotated[str, ROLE_BELOW_PATH]
RoleArn = Annotated[str, ROLE_ARN]
ExternalId = Annotated[str, EXTERNAL_ID]
