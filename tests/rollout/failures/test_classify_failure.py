"""Real failure texts and what they mean; `reasons.yaml` has them, with the source of each."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.operation import OperationResult, ResultStatus
from orgrollout.plan.model.plan import FailureRule
from orgrollout.rollout.failures.classify_failure import advice, find, is_success, read
from orgrollout.rollout.failures.known_failures import KNOWN, find_known
from orgrollout.rollout.failures.own_verdicts import MEANINGS
from orgrollout.rollout.state.failure_classes import BACKOFFS, SETTLING, FailureClass
from tests.rollout.reasons import RealReason, real_reasons

AS_PLANNED = 4
REASONS = real_reasons()
WRAPPED = (
    "{text}",
    "ResourceLogicalId:Thing, ResourceType:Custom::Thing, ResourceStatusReason:{text}",
    "Resource handler returned message: {text}",
    "{text} (RequestToken: 0a1b2c3d-0000-4000-8000-00000000000f)",
    "result status FAILED. {text}",
)


@pytest.mark.parametrize("real", REASONS, ids=lambda real: real.text[:60])
def test_a_real_reason_has_a_class_a_budget_and_advice(real: RealReason) -> None:
    reading = read(ResultStatus.FAILED, real.text)
    tries = real.tries or AS_PLANNED

    assert (reading.kind, reading.budget(AS_PLANNED)) == (real.kind, tries)
    assert real.advice in reading.advice
    assert bool(reading.advice) is not reading.kind.is_retried


def test_there_are_many_real_reasons_and_each_has_a_source() -> None:
    quoted = [real for real in REASONS if real.found in {"report", "documentation"}]

    assert len({real.text for real in quoted}) >= 150
    assert len({real.text for real in REASONS}) == len(REASONS)
    assert all("#" in real.source for real in REASONS if real.found == "report")
    assert all(real.source for real in REASONS)
    assert all(row.source for row in KNOWN)


def test_every_row_of_the_table_is_met_by_a_real_reason() -> None:
    """A row that no collected text reaches would be dead, or hidden by one before it."""
    assert {real.row for real in REASONS} == {row.name for row in KNOWN}
    assert len({row.name for row in KNOWN}) == len(KNOWN)


@given(real=st.sampled_from(REASONS), wrapped=st.sampled_from(WRAPPED))
def test_no_earlier_row_shadows_a_later_one(real: RealReason, wrapped: str) -> None:
    """However CloudFormation wraps a text, the row it was written for is the one that is found."""
    row = find_known(wrapped.format(text=real.text))

    assert row is not None
    assert row.name == real.row


@given(
    code=st.sampled_from([(c, r.name) for r in KNOWN if not r.weak for c in sorted(r.codes)]),
    message=st.sampled_from(["null", "Something went wrong", "x already exists", "not found"]),
)
def test_a_telling_code_decides_whatever_the_words(code: tuple[str, str], message: str) -> None:
    """Words of one class beside the code of another: the code is what AWS's programs go by."""
    name, row = code
    text = f"{message} (Service: X; Status Code: 400; Error Code: {name}; Request ID: 1)"
    found = find_known(text)

    assert found is not None
    assert found.name == row or found.refines or found.everywhere


@pytest.mark.parametrize("filler", ["a" * 5000, "is in A_" * 900, "Exception " * 600, "no " * 2000])
def test_reading_a_long_reason_takes_no_time(filler: str) -> None:
    """The patterns are linear: a text of AWS, or of an attacker, does not hold up a rollout."""
    before = time.process_time()
    for text in (filler, f"should have '{filler}", f"another operation on stackset {filler}"):
        find_known(text)

    assert time.process_time() - before < 1


SUSPENDED = (
    "This account is suspended.",
    "Account 111122223333 is suspended",
    "The account 111122223333 has been suspended.",
    "Account with ID 111122223333 is closed",
    "The AWS account is closed",
    "Account 111122223333 is in the SUSPENDED state",
    "Your account is suspended",
    "This account is PENDING_CLOSURE",
    "result status FAILED. Account 111122223333 was suspended",
)
OF_ANOTHER = (
    "Received response status [FAILED] from custom resource. Message returned: account "
    "999988887777 is suspended",
    "ResourceLogicalId:Member, ResourceType:AWS::GuardDuty::Member, ResourceStatusReason:Resource "
    'handler returned message: "The member account 999988887777 cannot be invited: the account is '
    'suspended" (HandlerErrorCode: InvalidRequest)',
    "AccountGate check failed: this account is suspended",
)


@pytest.mark.parametrize("reason", SUSPENDED)
def test_a_suspended_account_is_skipped_in_other_words_of_aws_too(reason: str) -> None:
    assert read(ResultStatus.FAILED, reason).kind is FailureClass.SKIPPED


@pytest.mark.parametrize("reason", OF_ANOTHER)
def test_what_is_said_of_another_account_skips_nothing(reason: str) -> None:
    """Otherwise a failure in an active account would neither count nor halt a rollout."""
    assert read(ResultStatus.FAILED, reason).kind is not FailureClass.SKIPPED


@pytest.mark.parametrize("said", ["throttled by the change board", "Access Denied", "not found"])
def test_the_words_of_an_account_gate_are_not_read_as_those_of_aws(said: str) -> None:
    row = find_known(f"AccountGate check failed: {said}")

    assert row is not None
    assert row.name == "account-gate"


KINDS = {
    "service control policy": "service control policy",
    "resource control policy": "resource control policy",
    "permissions boundary": "permissions boundary",
    "session policy": "session policy",
    "VPC endpoint policy": "policy of the VPC endpoint",
    "identity-based policy": "identity-based policy",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["because no {} allows the iam:CreateRole action", "with an {}"])
def test_a_denial_by_a_policy_names_its_kind_and_not_the_role(kind: str, how: str) -> None:
    words = how.format(kind) if "no {}" in how else f"with an explicit deny in a {kind}"
    reading = find(f"User: arn:aws:sts::1:assumed-role/x/a is not authorized to perform: y {words}")

    assert reading is not None
    own = (
        kind == "identity-based policy" and "no {}" in how
    )  # the role lacks it; nothing forbids it
    assert reading.kind is (FailureClass.CONFIGURATION if own else FailureClass.POLICY)
    assert KINDS[kind] in reading.advice
    assert "give the execution role the permission" not in reading.advice


ADVICE_BY_TYPE = {
    "AWS::Config::ConfigurationRecorder": "Recorder=existing",
    "AWS::Logs::LogGroup": "log group",
    "AWS::SSO::PermissionSet": "IAM Identity Center",
    "AWS::IAM::Role": "regions: home",
    "AWS::S3::Bucket": "unique in all of AWS",
    "AWS::Kinesis::Stream": "import what is there",
}


@pytest.mark.parametrize("kind", ADVICE_BY_TYPE)
def test_advice_about_what_exists_fits_the_type_of_the_resource(kind: str) -> None:
    text = f"ResourceLogicalId:It, ResourceType:{kind}, ResourceStatusReason:it already exists."
    said = advice(text)

    assert ADVICE_BY_TYPE[kind] in said
    assert ("Recorder=existing" in said) is kind.startswith("AWS::Config::")


OWN = {
    Cause.REFUSED: (FailureClass.REFUSED, 1),
    Cause.CAME_BACK: (FailureClass.CAME_BACK, 1),
    Cause.UNREAD: (FailureClass.CONFIGURATION, 1),
    Cause.NO_WAY_IN: (FailureClass.CONFIGURATION, 2),
    Cause.UNREACHABLE: (FailureClass.TRANSIENT, AS_PLANNED),
    Cause.CHANGED_MEANWHILE: (FailureClass.TRANSIENT, AS_PLANNED),
    Cause.ENDLESS: (FailureClass.PERMANENT, 1),
    Cause.CHANGE_SET_FAILED: (FailureClass.CONFIGURATION, 1),
    Cause.STACK_FAILED: (FailureClass.PERMANENT, 1),
    Cause.DEPENDENCY: (FailureClass.BLOCKED, 1),
    Cause.NOT_UPDATED: (FailureClass.UNPROVEN, 1),
}


@pytest.mark.parametrize("cause", OWN)
def test_a_verdict_of_ours_has_a_class_and_a_budget(cause: Cause) -> None:
    reading = read(ResultStatus.FAILED, "whatever it says", own=OwnVerdict(cause=cause))

    assert (reading.kind, reading.budget(AS_PLANNED)) == OWN[cause]


def test_every_cause_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Cause)


@given(
    cause=st.sampled_from([c for c in Cause if not MEANINGS[c].by_words]),
    kind=st.sampled_from(["transient", "throttled", "permanent", "skipped"]),
    reason=st.text(max_size=60),
    said=st.sampled_from(["", "Rate exceeded", "x already exists"]),
)
def test_no_pattern_of_a_manifest_changes_a_verdict_of_ours(
    cause: Cause, kind: str, reason: str, said: str
) -> None:
    rules = (FailureRule(kind=kind, pattern="", attempts=9), FailureRule(kind=kind, pattern=".*"))
    own = OwnVerdict(cause=cause, said=said)

    assert read(ResultStatus.FAILED, reason, rules, own) == MEANINGS[cause].reading
    assert advice(reason, rules, own) == MEANINGS[cause].reading.advice


@given(cause=st.sampled_from([c for c in Cause if MEANINGS[c].by_words]))
def test_a_pattern_of_a_manifest_reads_only_what_aws_said(cause: Cause) -> None:
    """Our part of the sentence is not read; AWS's is."""
    rules = (FailureRule(kind="transient", pattern="could not|the stack is|Topic"),)
    said = read(ResultStatus.FAILED, "x", rules, OwnVerdict(cause=cause, said="Topic: busy"))

    reading = read(ResultStatus.FAILED, "could not: the stack is", rules, OwnVerdict(cause=cause))
    assert reading == MEANINGS[cause].reading
    assert said.kind is FailureClass.TRANSIENT


def test_a_change_set_that_cannot_be_made_has_a_class_and_advice() -> None:
    """What CloudFormation says of a REVERT_DRIFT change set is in no list; the class is known."""
    for said in ("Simulated: the change set could not be created.", "", "no one has seen this"):
        own = OwnVerdict(cause=Cause.CHANGE_SET_FAILED, said=said)
        reading = read(ResultStatus.FAILED, f"could not: {said}", own=own)

        assert reading.kind is FailureClass.CONFIGURATION
        assert "drift.ignore" in reading.advice


@pytest.mark.parametrize("status", [ResultStatus.CANCELLED, ResultStatus.PENDING])
def test_what_never_began_is_no_cause(status: ResultStatus) -> None:
    kind = read(status, "Cancelled since failure tolerance has exceeded").kind

    assert kind is FailureClass.CANCELLED
    assert kind.is_retried
    assert not kind.is_root_cause


def test_a_suspended_account_is_skipped_whatever_its_result_is_called() -> None:
    """The API has no SKIPPED; which status it uses instead is not documented."""
    for status in (ResultStatus.CANCELLED, ResultStatus.FAILED):
        assert read(status, "ACCOUNT_SUSPENDED").kind is FailureClass.SKIPPED


def test_an_unknown_reason_is_not_retried() -> None:
    """Repeating what is not understood may do harm in thousands of accounts."""
    reading = read(ResultStatus.FAILED, "no one has seen this")

    assert reading.kind is FailureClass.PERMANENT
    assert reading.budget(AS_PLANNED) == 1


def test_nothing_to_change_is_a_success() -> None:
    pair = Pair(AccountId("1" * 12), Region("us-east-1"))
    text = "No updates are to be performed."

    assert is_success(OperationResult(pair=pair, status=ResultStatus.FAILED, reason=text))
    assert not is_success(OperationResult(pair=pair, status=ResultStatus.CANCELLED, reason=text))


def test_the_manifest_knows_better() -> None:
    rules = (
        FailureRule(kind="transient", pattern="landing zone .* busy", attempts=7),
        FailureRule(kind="blocked by policy", pattern="already exists", advice="ask security"),
    )

    busy = read(ResultStatus.FAILED, "The Landing Zone is busy", rules)

    assert (busy.kind, busy.budget(AS_PLANNED)) == (FailureClass.TRANSIENT, 7)
    assert advice("it already exists", rules) == "ask security"
    assert advice("it already exists") != "ask security"


def test_pauses_double_and_end_at_a_quarter_of_an_hour() -> None:
    throttled = BACKOFFS[FailureClass.THROTTLED]
    pauses = [throttled.pause(attempts) for attempts in range(1, 20)]

    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert max(pauses) == timedelta(minutes=15)


def test_each_class_waits_in_its_own_way() -> None:
    """Throttling is given more time than a passing fault, and a new role more than both."""
    firsts = [
        BACKOFFS[kind].pause(1)
        for kind in (FailureClass.CANCELLED, FailureClass.TRANSIENT, FailureClass.THROTTLED)
    ]

    assert firsts == sorted(set(firsts))
    assert firsts[0] == timedelta()
    assert SETTLING.pause(1) > firsts[-1]
