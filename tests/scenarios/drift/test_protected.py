"""Rollout, re-sync and removal succeed with the printed service control policy in force.

All that the baseline has is there: the rules and the bus that tell of tampering, the questions to
the archive, the conformance pack. A call that is refused is told. The sandbox attaches no
policies, so that its check of callers is asked here for a second opinion: what the policy denies to
a principal of a member account is refused before it is done.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orgrollout.bootstrap.protected import protected_by
from orgrollout.bootstrap.protection import service_control_policy
from orgrollout.manifest.load import load_manifest
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, VirtualClock
from orgrollout.sandbox.api.authorization import Authorization
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.service_control_policies import Asked, decide
from orgrollout.sandbox.stack_sets.service import Caller
from tests.resyncing import detect, repair, seek
from tests.stage import Stage
from tests.templates.support.eventbridge import RULE as TELL
from tests.templates.support.eventbridge import event_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import AUDIT, Place, resolve
from tests.templates.support.shipped import ORGANIZATION, read
from tests.templates.test_tamper_events import TAMPERING

ADMINISTRATOR = "999999999999"
REGION = "us-east-1"
RULE = "orgrollout-vpc-flow-logs-enabled"


class Policy:
    """A service control policy that can be attached and detached, and the calls it refused."""

    def __init__(self) -> None:
        self.statements: list[Mapping[str, Any]] = []
        self.asked: set[tuple[str, str]] = set()  # role and action, of member accounts
        self.refused: list[str] = []

    def check(self, asked: Asked, role: str) -> None:
        self.asked.add((role, asked.action))
        if decide(self.statements, asked) == "Deny":
            self.refused.append(asked.action)
            raise ApiError("AccessDeniedException", "explicit deny in a service control policy")


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Policy:
    """Add a policy to the sandbox's own check of each call."""
    attached, own = Policy(), Authorization.check

    def check(  # noqa: PLR0917 - as that of the sandbox
        self: Authorization,
        caller: Caller,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        protocol: str,
    ) -> None:
        own(self, caller, service, operation, params, protocol)
        if caller.account != ADMINISTRATOR:
            action = f"{service}:{operation}"
            resource = self._resource(caller, action, params)
            context = self._context(caller, params)
            asked = Asked(action=action, resource=resource, context=context)
            attached.check(asked, caller.principal.role_name)

    monkeypatch.setattr(Authorization, "check", check)
    return attached


def manifest() -> dict[str, Any]:
    """Return everything that is shipped for a security team, in one Region."""
    found = read("security-baseline")
    beside = read("beside-the-baseline")["stack_sets"]
    del beside["org-conformance"]["parameter_overrides"]  # of Regions that are not here
    beside["flowlogs-athena"]["targets"] = {"accounts": ["log_archive"]}
    found["stack_sets"] |= read("security-baseline-protected")["stack_sets"] | beside
    found["region_groups"] = {"governed": [REGION]}
    found["guards"] = {"retain_stacks": False, "max_removed_accounts": 100}
    return found


@pytest.fixture
def stage(tmp_path: Path, policy: Policy) -> Iterator[Stage]:
    with Sandbox.start(ORGANIZATION, clock=VirtualClock()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        path = stage._write(manifest())
        what = protected_by(load_manifest(path), break_glass=("BreakGlass",), every_rule=True)
        policy.statements = service_control_policy(what)["Statement"]
        yield stage


@pytest.mark.slow
def test_the_baseline_can_be_operated_under_its_protection_policies(
    stage: Stage, policy: Policy
) -> None:
    rollout = stage.apply(manifest())
    assert rollout.state.outcome is Outcome.SUCCEEDED
    account = stage.sandbox.organization.find("payments_prod")
    inside = stage.sandbox.session(account, REGION)

    # A person is refused, even with permissions of their own.
    config, iam = inside.client("config"), inside.client("iam")
    events = inside.client("events")
    tampering = (
        lambda: config.stop_configuration_recorder(ConfigurationRecorderName="orgrollout-recorder"),
        lambda: config.delete_delivery_channel(DeliveryChannelName="orgrollout-delivery"),
        lambda: config.delete_config_rule(ConfigRuleName=RULE),
        lambda: iam.delete_role(RoleName="orgrollout-flowlogs-remediation"),
        lambda: iam.update_role(RoleName="orgrollout-resync", Description="mine"),
        lambda: iam.create_role(RoleName="stacksets-exec-mine", AssumeRolePolicyDocument="{}"),
    )
    for call in tampering:
        with pytest.raises(ClientError, match="service control policy"):
            call()
    assert len(policy.refused) == len(tampering)
    assert len(events.list_rules()["Rules"]) == 5
    assert_one_event_is_told(stage, policy, account)

    # Without the policy something is stopped; with it again, the re-sync repairs it.
    statements, policy.statements = policy.statements, []
    config.stop_configuration_recorder(ConfigurationRecorderName="orgrollout-recorder")
    config.delete_config_rule(ConfigRuleName=RULE)
    policy.statements, policy.refused = statements, []
    detect(stage, name="security-baseline-config-regional")
    sought = seek(stage, manifest())
    repaired = repair(stage, sought)
    assert repaired.state.outcome is Outcome.SUCCEEDED
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["recording"]
    assert [each["ConfigRuleName"] for each in config.describe_config_rules()["ConfigRules"]]
    assert ("orgrollout-resync", "config:StartConfigurationRecorder") in policy.asked
    assert ("orgrollout-resync", "cloudformation:ExecuteChangeSet") in policy.asked

    # Everything is taken away.
    gone = manifest()
    gone["stack_sets"] = {key: {"state": "absent"} for key in gone["stack_sets"]}
    del gone["drift"]
    assert stage.apply(gone).state.outcome is Outcome.SUCCEEDED
    assert config.describe_config_rules()["ConfigRules"] == []
    assert policy.refused == []


def assert_one_event_is_told(stage: Stage, policy: Policy, account: str) -> None:
    """CloudTrail's event of a refused call reaches the bus, by the rules that are deployed.

    Bus and rule are there; a log group is in place of the topic, to which moto delivers nothing.
    """
    statements, policy.statements = policy.statements, []
    there, here = (stage.sandbox.session(each, REGION) for each in (AUDIT, account))
    logs, bus = there.client("logs"), there.client("events")
    logs.create_log_group(logGroupName="heard")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="heard")["logGroups"]
    tell = resolve(Templates.shipped().document("tamper-bus"), Place(AUDIT, REGION)).only(TELL)
    where = {"EventBusName": tell["EventBusName"]}
    (topic,) = bus.list_targets_by_rule(Rule=tell["Name"], **where)["Targets"]
    bus.remove_targets(Rule=tell["Name"], Ids=[topic["Id"]], **where)
    bus.put_targets(
        Rule=tell["Name"], Targets=[{"Id": "log", "Arn": group["logGroupArn"]}], **where
    )
    (stopped,) = (each for each in TAMPERING if each["event"] == "StopConfigurationRecorder")
    here.client("events").put_events(Entries=[event_of(stopped)])
    heard = logs.filter_log_events(logGroupName="heard")["events"]
    assert [json.loads(each["message"])["detail"]["eventName"] for each in heard] == [
        "StopConfigurationRecorder"
    ]
    policy.statements = statements
