"""What is deployed of the service: its stack, as CloudFormation describes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from orgrollout.api import Connection
from orgrollout.aws.stacks import describe_stack
from orgrollout.errors import OrgRolloutError

SCHEDULES = ("DriftSchedule", "LookSchedule", "ReconcileSchedule")


class NotDeployedError(OrgRolloutError):
    """There is no such stack, or it is of another template."""

    def __init__(self, stack: str, region: str, why: str) -> None:
        super().__init__(
            f"stack {stack} in {region} is no service: {why}. Nothing was changed. Name another "
            "one with --stack-name, or deploy what `orgrollout service template` prints."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The stack of the service."""

    stack: str
    status: str
    code: str  # the key of the zip
    architecture: str
    schedules: Mapping[str, str]
    outputs: Mapping[str, str]


def deployed_service(connection: Connection, stack: str) -> Deployed:
    """Return what is deployed.

    Raises:
        NotDeployedError: There is no stack of this name, or it is another one's.
        AwsError: It could not be asked.
    """
    found = describe_stack(connection, stack)
    if found is None:
        raise NotDeployedError(stack, connection.home_region, "there is none")
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters") or ()}
    missing = {"CodeKey", "Architecture", *SCHEDULES} - parameters.keys()
    if missing:
        why = f"it has no parameter {sorted(missing)[0]}"
        raise NotDeployedError(stack, connection.home_region, why)
    return Deployed(
        stack=stack,
        status=str(found["StackStatus"]),
        code=parameters["CodeKey"],
        architecture=parameters["Architecture"],
        schedules={name: parameters[name] for name in SCHEDULES},
        outputs={o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs") or ()},
    )
