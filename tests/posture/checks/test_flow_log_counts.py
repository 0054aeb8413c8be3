"""How many flow logs the runbook would make and replace, and what other flow logs cover."""

import pytest

from orgrollout.posture.flow_log_counts import FlowLogCounts, count_flow_logs, counts_of
from orgrollout.posture.flow_log_fact import FlowLogFact

BUCKET, THEIRS = "arn:aws:s3:::logs", "arn:aws:s3:::theirs"


def log(
    destination: str = BUCKET,
    *,
    traffic: str = "ALL",
    failure: str = "",
    ours: bool = False,
    differs: bool = False,
    vpc: str = "vpc-1",
) -> FlowLogFact:
    return FlowLogFact(
        id="fl-1",
        vpc=vpc,
        traffic=traffic,
        status="ACTIVE",
        failure=failure,
        destination=destination,
        is_ours=ours,
        differences=("TrafficType",) if differs else (),
    )


CASES = {
    "none": ([], {"created": 1}, {"created": 1}),
    "theirs here": ([log()], {}, {}),
    "theirs elsewhere": ([log(THEIRS)], {"elsewhere": 1}, {"created": 1, "elsewhere": 1}),
    "theirs elsewhere fails": ([log(THEIRS, failure="denied")], {"created": 1}, {"created": 1}),
    "theirs elsewhere has another traffic": (
        [log(THEIRS, traffic="REJECT")],
        {"created": 1},
        {"created": 1},
    ),
    "two halves elsewhere": (
        [log(THEIRS, traffic="REJECT"), log(THEIRS, traffic="ACCEPT")],
        {"elsewhere": 1},
        {"created": 1, "elsewhere": 1},
    ),
    "ours": ([log(ours=True)], {}, {}),
    "ours and theirs elsewhere": ([log(ours=True), log(THEIRS)], {}, {}),
    "ours with other settings": ([log(ours=True, differs=True)], {"replaced": 1}, {"replaced": 1}),
    "ours where it used to go": (
        [log(THEIRS, ours=True, differs=True)],
        {"replaced": 1, "elsewhere": 1},
        {"replaced": 1, "elsewhere": 1},
    ),
    "ours as configured beside a former one": (
        [log(ours=True), log(ours=True, differs=True)],
        {"replaced": 1},
        {"replaced": 1},
    ),
    "ours cannot deliver": (
        [log(ours=True, failure="denied")],
        {"failing": 1},
        {"failing": 1},
    ),
    "ours cannot deliver and theirs does elsewhere": (
        [log(ours=True, failure="denied"), log(THEIRS)],
        {"elsewhere": 1},
        {"failing": 1, "elsewhere": 1},
    ),
    "of a VPC that is not the account's": (
        [log(THEIRS, vpc="vpc-2")],
        {"created": 1},
        {"created": 1},
    ),
}


@pytest.mark.parametrize(("logs", "counted", "ignored"), CASES.values(), ids=CASES)
def test_one_vpc(logs: list[FlowLogFact], counted: dict[str, int], ignored: dict[str, int]) -> None:
    """With ``OtherFlowLogs: count`` and with ``ignore``; what is covered elsewhere is the same."""
    for others_count, wanted in ((True, counted), (False, ignored)):
        found = count_flow_logs(["vpc-1"], logs, "ALL", BUCKET, others_count=others_count)
        assert found == FlowLogCounts(vpcs=1, **wanted)


def test_vpcs_add_up() -> None:
    logs = [log(vpc="vpc-1"), log(THEIRS, vpc="vpc-2"), log(ours=True, differs=True, vpc="vpc-3")]
    vpcs = [f"vpc-{n}" for n in range(1, 6)]
    found = count_flow_logs(vpcs, logs, "ALL", BUCKET, others_count=True)
    assert found == FlowLogCounts(vpcs=5, created=2, replaced=1, elsewhere=1)
    assert found + found == FlowLogCounts(vpcs=10, created=4, replaced=2, elsewhere=2)
    with pytest.raises(ValueError, match="unpack"):
        counts_of([1, 2])
