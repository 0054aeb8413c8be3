"""What facts say of a check; what is not known is never ok."""

from datetime import UTC, datetime

import pytest

from orgrollout.model.ids import Digest
from orgrollout.posture.check import PostureCheck, repaired_by
from orgrollout.posture.checks import (
    config_compliance,
    config_delivery,
    config_recorder,
    config_rule,
    ssm_document,
    vpc_flow_logs,
)
from orgrollout.posture.checks.config_compliance import ComplianceFact
from orgrollout.posture.checks.config_delivery import DeliveryFact
from orgrollout.posture.checks.config_recorder import RecorderFact
from orgrollout.posture.checks.config_rule import RuleFact
from orgrollout.posture.flow_log_fact import FlowLogFact
from orgrollout.posture.registry import CHECKS
from orgrollout.posture.seen import PostureSeen, PostureState

OK, BROKEN, UNKNOWN = PostureState.OK, PostureState.BROKEN, PostureState.UNKNOWN
EARLY, LATE = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
RUNNING = RecorderFact(name="default", recording=True)
STOPPED = RecorderFact(name="default", recording=False)
FAILING = RecorderFact(name="default", recording=True, failure="AccessDenied: no role")


@pytest.mark.parametrize(
    ("found", "name", "state", "subjects", "words"),
    [
        ([RUNNING], None, OK, (), "default records"),
        ([RUNNING], "default", OK, (), "default records"),
        ([STOPPED], None, BROKEN, ("default",), "is stopped"),
        ([FAILING], None, BROKEN, (), "fails: AccessDenied: no role"),
        ([], None, BROKEN, (), "no recorder"),
        ([RUNNING], "ours", BROKEN, (), "no recorder ours; there is default"),
    ],
)
def test_a_recorder_has_to_be_there_and_record(
    found: list[RecorderFact], name: str | None, state: PostureState, subjects: object, words: str
) -> None:
    """A stopped one can be started; one that is gone or fails cannot."""
    seen = config_recorder.judge(found, name)
    assert (seen.state, seen.subjects) == (state, subjects)
    assert words in seen.reason


def test_a_channel_has_to_deliver_and_before_the_first_delivery_it_is_unknown() -> None:
    works = DeliveryFact(name="c", delivered=True)
    fresh = DeliveryFact(name="c", delivered=False)
    fails = DeliveryFact(name="c", delivered=True, failure="NoSuchBucket: gone")

    assert config_delivery.judge([works], None).state is OK
    assert config_delivery.judge([fresh], None).state is UNKNOWN
    assert "NoSuchBucket" in config_delivery.judge([fails], "c").reason
    assert config_delivery.judge([works], "other").reason == (
        "there is no delivery channel other; there is c"
    )
    assert config_delivery.judge([], None).state is BROKEN


@pytest.mark.parametrize(
    ("found", "state", "subjects"),
    [
        (RuleFact(name="r", state="ACTIVE", succeeded=LATE, failed=EARLY), OK, ()),
        (RuleFact(name="r", state="ACTIVE", succeeded=EARLY, failed=LATE), BROKEN, ("r",)),
        (RuleFact(name="r", state="ACTIVE"), BROKEN, ("r",)),
        (RuleFact(name="r", state="DELETING", succeeded=LATE), BROKEN, ()),
        (RuleFact(name="r", state="ACTIVE", told=False), UNKNOWN, ()),
        (None, BROKEN, ()),
    ],
)
def test_a_rule_has_to_be_there_and_evaluate(
    found: RuleFact | None, state: PostureState, subjects: tuple[str, ...]
) -> None:
    seen = config_rule.judge(found, "r")
    assert (seen.state, seen.subjects) == (state, subjects)


@pytest.mark.parametrize(
    ("compliance", "state"),
    [
        ("COMPLIANT", OK),
        ("NOT_APPLICABLE", OK),
        ("NON_COMPLIANT", BROKEN),
        ("INSUFFICIENT_DATA", UNKNOWN),
        ("SOMETHING_NEW", UNKNOWN),
    ],
)
def test_compliance_without_a_result_is_unknown(compliance: str, state: PostureState) -> None:
    failing = ("vpc-1", "vpc-2", "vpc-3", "vpc-4") if state is BROKEN else ()
    seen = config_compliance.judge(ComplianceFact(compliance=compliance, failing=failing), "r")
    assert (seen.state, seen.subjects) == (state, failing)
    if failing:
        assert seen.reason == "r fails for vpc-1, vpc-2, vpc-3 and 1 more"


def test_a_document_is_compared_by_hash() -> None:
    ours, other = Digest("1"), Digest("2")
    assert ssm_document.judge(ours, ours, "d").state is OK
    assert ssm_document.judge(other, ours, "d").state is BROKEN
    assert ssm_document.judge(None, ours, "d").reason == "there is no document d"


def log(vpc: str, traffic: str = "ALL", status: str = "ACTIVE", failure: str = "") -> FlowLogFact:
    return FlowLogFact(id=f"fl-{vpc}", vpc=vpc, traffic=traffic, status=status, failure=failure)


@pytest.mark.parametrize(
    ("logs", "traffic", "bare"),
    [
        ([log("v1"), log("v2")], "REJECT", ()),
        ([log("v1"), log("v2", "REJECT")], "REJECT", ()),
        ([log("v1"), log("v2", "ACCEPT")], "REJECT", ("v2",)),
        ([log("v1"), log("v2", "REJECT")], "ALL", ("v2",)),
        ([log("v1"), log("v2", "REJECT"), log("v2", "ACCEPT")], "ALL", ()),
        ([log("v1"), log("v2", status="INACTIVE")], "ALL", ("v2",)),
        ([log("v1"), log("v2", failure="Access error")], "ALL", ("v2",)),
        ([log("v1"), log("v2", failure="Access error"), log("v2")], "ALL", ()),
        ([], "ALL", ("v1", "v2")),
    ],
)
def test_every_vpc_needs_a_flow_log_that_covers_the_traffic_and_delivers(
    logs: list[FlowLogFact], traffic: str, bare: tuple[str, ...]
) -> None:
    seen = vpc_flow_logs.judge(("v1", "v2"), logs, traffic)
    assert (seen.state, seen.subjects) == (BROKEN if bare else OK, bare)
    if any(each.failure for each in logs) and bare:
        assert seen.reason.endswith("fl-v2: Access error")


@pytest.mark.parametrize(
    ("goes_to", "wanted", "ok"),
    [
        ("arn:aws:s3:::logs", "arn:aws:s3:::logs", True),
        ("arn:aws:s3:::theirs", "arn:aws:s3:::logs", False),
        ("/flow-logs/v1", "/flow-logs", True),
        ("/flow-logs/v2", "/flow-logs", False),
        ("arn:aws:s3:::theirs", "", True),
        ("arn:aws:s3:::logs/team", "arn:aws:s3:::logs/team/", True),
        ("arn:aws:s3:::logs/team/", "arn:aws:s3:::logs/team", True),
        ("arn:aws:s3:::logs/teams", "arn:aws:s3:::logs/team/", False),
    ],
)
def test_a_flow_log_that_goes_elsewhere_is_none_where_the_template_says_where(
    goes_to: str, wanted: str, *, ok: bool
) -> None:
    log = FlowLogFact(id="fl-1", vpc="v1", traffic="ALL", status="ACTIVE", destination=goes_to)

    seen = vpc_flow_logs.judge(("v1",), [log], "ALL", wanted)

    assert seen.state is (OK if ok else BROKEN)
    assert ok or seen.reason == f"no flow log for ALL to {wanted} in v1; fl-1: it goes to {goes_to}"


def test_no_vpc_needs_no_flow_log() -> None:
    assert vpc_flow_logs.judge((), (), "ALL").state is OK


def test_a_remediation_is_only_started_where_the_template_says_that_there_is_one() -> None:
    flow = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL"})
    remediated = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"})
    rule = PostureCheck(name="config-compliance", arguments={"rule": "r"})

    assert repaired_by(flow, ("vpc-1",)) is None
    assert repaired_by(rule, ("vpc-1",)) is None
    assert repaired_by(remediated, ("vpc-1",)) == "config:StartRemediationExecution"
    assert repaired_by(remediated, ()) is None


@pytest.mark.parametrize("name", [n for n, known in CHECKS.items() if known.repair is None])
def test_what_no_call_repairs_says_so(name: str) -> None:
    assert repaired_by(PostureCheck(name=name), ("something",)) is None


def test_a_check_is_named_with_what_tells_it_from_others() -> None:
    assert PostureCheck(name="config-rule", arguments={"rule": "r"}).label == "config-rule r"
    assert PostureCheck(name="config-recorder").label == "config-recorder"
    assert PostureSeen(state=UNKNOWN).subjects == ()
