"""Each subject of a check has its own history: a new VPC never came back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from orgrollout.drift.document import read_records
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import Records, repaired, seen
from orgrollout.drift.ignoring import rule_warnings, with_accepted
from orgrollout.drift.posture_record import About, Look, PostureRecord, read_posture_record
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.organization.acceptances import Acceptance, acceptance_of
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.checks.vpc_flow_logs import judge as flow_logs
from orgrollout.posture.flow_log_fact import FlowLogFact
from orgrollout.posture.seen import PostureState, told, without
from tests.drift.support import HOUR, NOON, finding

KEY = StackSetKey("flowlogs-remediation")
HERE = Pair(AccountId("200000000001"), Region("eu-west-1"))
FLOW_LOGS = PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"})
COMPLIANCE = PostureCheck(name="config-compliance", arguments={"rule": "r"})
RECORDER = PostureCheck(name="config-recorder", arguments={"recorder": "orgrollout-recorder"})
BY_CHECK = json.loads(Path(__file__).with_name("findings-by-check.json").read_text("utf-8"))


def broken(subject: str, hours: int = 0, check: PostureCheck = FLOW_LOGS, **more: Any) -> Finding:
    made = finding(
        "",
        what=check.label,
        kind=FindingKind.POSTURE,
        check=check,
        subjects=(subject,),
        looked=NOON + hours * HOUR,
    )
    return replace(made, stack_set=KEY, pair=HERE, subject=subject, **more)


def rule(resource: str, **more: Any) -> Acceptance:
    return acceptance_of(DriftIgnore(stack_set=KEY, resource=resource, reason="SEC-1", **more))


def said(reason: str, *, is_waiver: bool = False) -> Acceptance:
    return Acceptance(stack_set=KEY, resource="vpc", reason=reason, is_waiver=is_waiver)


def of_subjects(records: Records) -> dict[str, int]:
    return {record.subject: record.came_back for record in records.values() if record.is_open}


def test_a_new_vpc_is_a_new_finding_and_a_repaired_one_can_come_back() -> None:
    """An unattended re-sync repairs new findings, and leaves those that came back to a person."""
    records = seen({}, [broken("vpc-1")], NOON)
    records = repaired(records, [broken("vpc-1").key], "or-1", NOON + HOUR)
    records = seen(records, [broken("vpc-2", 24)], NOON + 24 * HOUR)
    assert of_subjects(records) == {"vpc-2": 0}

    records = seen(records, [broken("vpc-1", 48), broken("vpc-2", 48)], NOON + 48 * HOUR)
    assert of_subjects(records) == {"vpc-1": 1, "vpc-2": 0}


def test_an_unreadable_check_does_not_affect_another() -> None:
    records = seen({}, [broken("vpc-1"), broken("main", check=RECORDER)], NOON)
    unknown = finding(
        "",
        what=FLOW_LOGS.label,
        kind=FindingKind.POSTURE,
        verdict=Verdict.NOT_CHECKABLE,
        check=FLOW_LOGS,
        looked=NOON + HOUR,
    )
    records = seen(records, [replace(unknown, stack_set=KEY, pair=HERE)], NOON + HOUR)
    assert set(of_subjects(records)) == {"vpc-1"}


def test_a_history_by_check_is_given_to_a_subject_only_if_it_is_the_only_one() -> None:
    """The record of flow logs has "came back" without names of VPCs: no VPC inherits it."""
    documents = BY_CHECK["documents"]
    of_recorder = read_records(documents["findings/base-config-regional"])
    of_vpcs = read_records(documents["findings/base-flowlogs-remediation"])
    assert of_recorder is not None
    assert of_vpcs is not None
    stopped = replace(
        broken("orgrollout-recorder", 10_000, RECORDER), stack_set=StackSetKey("config-regional")
    )
    (recorder,) = seen(of_recorder, [stopped], NOON + 10_000 * HOUR).values()
    assert (recorder.subject, recorder.came_back) == ("orgrollout-recorder", 1)

    records = seen(of_vpcs, [broken(BY_CHECK["vpc"], 10_000)], NOON + 10_000 * HOUR)
    assert of_subjects(records) == {BY_CHECK["vpc"]: 0}


def test_a_record_by_check_is_read_and_repaired_by_check() -> None:
    document = BY_CHECK["documents"]["posture/base-config-regional"]
    record = read_posture_record(document)
    (seen_, _) = record.of([HERE])[HERE]
    assert (seen_.state, seen_.parts) == (PostureState.BROKEN, ())
    repaired = {HERE: {("config-recorder", ""): NOON + 10_000 * HOUR}}
    assert record.of([HERE], repaired)[HERE][0].state is PostureState.UNKNOWN  # the channel


def test_coverage_leaves_out_a_vpc_that_was_repaired_or_is_accepted() -> None:
    seen_ = flow_logs(["vpc-1", "vpc-2", "vpc-3"], [], "ALL")
    look = Look(when=NOON, others={HERE: (("vpc-flow-logs", seen_),)})
    record = PostureRecord().with_look(look)
    later = {HERE: {("vpc-flow-logs", "vpc-1"): NOON + HOUR}}
    accepted = {("vpc-flow-logs", "vpc-2"): said("SEC-1")}

    def accepts(_pair: Pair, about: About) -> Acceptance | None:
        return accepted.get(about)

    (left, when) = record.of([HERE], later, accepts)[HERE]
    assert (left.state, when) == (PostureState.BROKEN, NOON)
    assert left.reason == "vpc-flow-logs: no flow log for ALL in vpc-3"

    accepted["vpc-flow-logs", "vpc-3"] = said("SEC-2")
    (left, _) = record.of([HERE], {}, accepts)[HERE]
    assert left.reason == "vpc-flow-logs: no flow log for ALL in vpc-1"
    accepted["vpc-flow-logs", "vpc-1"] = said("SEC-3")
    (left, _) = record.of([HERE], {}, accepts)[HERE]
    assert left.state is PostureState.OK
    assert left.reason.startswith("accepted: vpc-flow-logs vpc-1: SEC-3")
    accepted["vpc-flow-logs", "vpc-1"] = said("SEC-4", is_waiver=True)
    (left, _) = record.of([HERE], {}, accepts)[HERE]
    assert (left.state, left.reason) == (PostureState.WAIVED, "vpc-flow-logs vpc-1: SEC-4")


def test_a_reason_that_subjects_share_is_shown_once_with_each_difference() -> None:
    failing = FlowLogFact(id="fl-1", vpc="vpc-4", traffic="ALL", status="ACTIVE", failure="denied")
    seen_ = flow_logs([f"vpc-{n}" for n in range(1, 7)], [failing], "ALL")
    assert told(seen_.parts) == (
        "no flow log for ALL in vpc-1, vpc-2, vpc-3 and 2 more; "
        "no flow log for ALL in vpc-4; fl-1: denied"
    )


def test_a_call_is_not_made_where_every_broken_subject_is_accepted() -> None:
    seen_ = flow_logs(["vpc-1", "vpc-2"], [], "ALL")
    assert without(seen_, ["vpc-1"]).subjects == ("vpc-2",)
    assert without(seen_, ["vpc-1", "vpc-2"]).state is PostureState.OK
    assert without(seen_, []) is seen_


def test_a_rule_accepts_a_check_or_one_subject_with_its_config_rule() -> None:
    found = [
        broken(vpc, check=check) for vpc in ("vpc-1", "vpc-2") for check in (FLOW_LOGS, COMPLIANCE)
    ]

    def accepted(resource: str) -> set[tuple[str, str]]:
        known = with_accepted([rule(resource)], found)
        return {(f.what, f.subject) for f in known if f.verdict is Verdict.IGNORED}

    both = {("vpc-flow-logs", "vpc-1"), ("config-compliance r", "vpc-1")}
    assert accepted("vpc-1") == both
    assert accepted("vpc-flow-logs vpc-1") == both
    assert len(accepted("vpc-flow-logs")) == 4
    assert accepted("config-compliance r vpc-2") == {
        ("config-compliance r", "vpc-2"),
        ("vpc-flow-logs", "vpc-2"),
    }
    assert accepted("vpc-3") == set()


def test_an_unused_rule_for_a_vpc_is_named_only_after_a_look_at_checks() -> None:
    rules = [rule("vpc-9")]
    assert not list(rule_warnings(rules, [broken("vpc-1")], [KEY]))
    (said,) = rule_warnings(rules, [broken("vpc-1")], [KEY], [KEY])
    assert "vpc-9 matches nothing" in said
    assert not list(rule_warnings([rule("vpc-1")], [broken("vpc-1")], [KEY], [KEY]))


def test_a_subnet_with_its_own_flow_log_is_named_before_its_vpc_is_logged_too() -> None:
    logs = [
        FlowLogFact(id=f"fl-{each}", vpc=each, traffic="ALL", status="ACTIVE")
        for each in ("subnet-1", "eni-1")
    ]
    seen_ = flow_logs(["vpc-1", "vpc-2"], logs, "ALL", "", {"vpc-1": ("subnet-1", "eni-1")})
    one, other = seen_.parts
    assert one.reason.endswith("; subnet-1, eni-1 in it have their own, and would be logged twice")
    assert other.reason == "no flow log for ALL in vpc-2"
    unread = flow_logs(["vpc-1"], logs, "ALL", "", {"": ("subnet-1",)})
    assert "subnet-1 have their own, and whether they are in it could not be read" in unread.reason
