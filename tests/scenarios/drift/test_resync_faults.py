"""Each row of the table of faults of a re-sync in docs/operations.md is true."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import AccountId, Pair, RolloutId, StackSetName
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.reconcile.drift.resync import seek_repairs
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.rollout.failures.classify_failure import advice
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Call, Sandbox, Settings
from orgrollout.sandbox.faults.rules import CallFault
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, US, Stage, exactly, organization
from tests.trouble import (
    ENDINGS,
    TEN_MINUTES,
    Happening,
    Jumping,
    Trouble,
    fill_disk,
    jump,
    lock_journal,
    outage,
    rows_of,
)

NAME = StackSetName("base-topics")
DIFFERENCE = ("/DisplayName", "a-b", "theirs", "NOT_EQUAL")
DRIFTED = [Pair(PROD[0], US), Pair(PROD[1], US), Pair(PROD[1], EU), Pair(DEV[0], US)]
VICTIM = Pair(PROD[4], EU)  # of the last wave
QUICK = {
    "median_duration": timedelta(seconds=3),
    "duration_spread": 0.2,
    "deploy_resources": False,
}
NOT_QUICK = pytest.mark.slow
QUICK_ROWS = {
    "the answer to ExecuteChangeSet is lost",
    "a member account's session expires",
    "the role does not trust the caller in an account",
    "the stack is gone",
    "another user deletes our change set",
    "CloudFormation reverts no drift on stacks of stack sets",
}


@dataclass(frozen=True)
class Case:
    """The moment of a fault, how it is fixed, and the text of the report."""

    before: Happening | None = None  # before the re-sync begins
    during: Happening | None = None  # when the first operation runs
    after: str = ""  # ... and this was called in an account
    fix: Happening | None = None
    says: str = ""
    settings: dict[str, Any] | None = None


def calls_of(trouble: Trouble, operation: str) -> list[Call]:
    """Return the calls made in member accounts so far."""
    return [c for c in trouble.sandbox.calls if c.operation == operation and c.error is None]


def first_change_set(trouble: Trouble) -> tuple[Any, dict[str, str]]:
    """Return the first change set that was made, and another user's client in its account."""
    call = calls_of(trouble, "CreateChangeSet")[0]
    client = trouble.sandbox.session(call.account, call.region).client("cloudformation")
    named = {key: str(call.params[key]) for key in ("StackName", "ChangeSetName")}
    return client, named


def expire_session(trouble: Trouble) -> None:
    account = calls_of(trouble, "CreateChangeSet")[0].account
    trouble.sandbox.expire_credentials(account, times=1)


def silence(trouble: Trouble) -> None:
    """Let every call in one account end in an error."""
    fault = CallFault(kind="server_error", account=VICTIM.account, times=None)
    trouble.sandbox.simulation.faults.calls.append(fault)


def delete_role(trouble: Trouble) -> None:
    iam = trouble.sandbox.session(VICTIM.account).client("iam")
    for attached in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=ROLE)


def distrust(trouble: Trouble) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = trouble.sandbox.session(VICTIM.account).client("iam")
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))


def chosen(trouble: Trouble) -> dict[str, Any]:
    """Return the request of a user who chose the last stack instance in the console."""
    return {
        "StackSetName": NAME,
        "DeploymentTargets": exactly(trouble.sandbox, VICTIM.account),
        "Regions": [VICTIM.region],
    }


def delete_stack(trouble: Trouble) -> None:
    trouble.client().delete_stack_instances(**chosen(trouble), RetainStacks=False)
    trouble.sandbox.run_to_end()


def update_slowly(trouble: Trouble) -> None:
    trouble.sandbox.slow(*VICTIM, NAME, times=1)
    trouble.client().update_stack_instances(**chosen(trouble))


def plan_another(trouble: Trouble) -> None:
    """Apply something new meanwhile, from another process with the same journal."""
    newer = deepcopy(trouble.manifest)
    newer["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    with pytest.raises(OpenRolloutError, match="status"):
        trouble.stage.begin(newer)


def execute_another(trouble: Trouble) -> None:
    client, named = first_change_set(trouble)
    trouble.sandbox.run_to_end()
    named["ChangeSetName"] = "theirs"
    client.create_change_set(
        **named, ChangeSetType="UPDATE", DeploymentMode="REVERT_DRIFT", UsePreviousTemplate=True
    )
    trouble.sandbox.run_to_end()
    client.execute_change_set(**named)
    trouble.sandbox.run_to_end()


def delete_ours(trouble: Trouble) -> None:
    client, named = first_change_set(trouble)
    client.delete_change_set(**named)


def fail_to_roll_back(trouble: Trouble) -> None:
    """Let the stack be where only ContinueUpdateRollback helps."""
    context = trouble.sandbox.simulation
    stack = next(s for s in context.live.records(*VICTIM) if s.stack_set.name == NAME)
    context.live.finish(stack, "UPDATE_ROLLBACK_FAILED")


def stumble_at_length(trouble: Trouble) -> None:
    """Let a change set fail once, for a reason that takes room in the journal."""
    trouble.sandbox.fail_change_set(reason="Rate exceeded " + "x" * 20_000)


CASES: dict[str, Case] = {
    "the answer to CreateChangeSet is lost": Case(
        before=lambda t: t.sandbox.lose_response("CreateChangeSet")
    ),
    "the answer to ExecuteChangeSet is lost": Case(
        before=lambda t: t.sandbox.lose_response("ExecuteChangeSet")
    ),
    "the answer to DetectStackDrift is lost": Case(
        before=lambda t: t.sandbox.lose_response("DetectStackDrift")
    ),
    "the answer to AssumeRole is lost": Case(
        before=lambda t: t.sandbox.lose_response("AssumeRole", service="sts")
    ),
    "AWS throttles to one call a second in accounts": Case(
        before=lambda t: t.sandbox.throttle(per_second=1)
    ),
    "a burst of server errors in accounts": Case(
        during=lambda t: t.sandbox.server_error(times=8), after="CreateChangeSet"
    ),
    "an outage of ten minutes in accounts": Case(
        during=outage(TEN_MINUTES), after="CreateChangeSet"
    ),
    "one account does not answer": Case(before=silence),
    "a member account's session expires": Case(during=expire_session, after="CreateChangeSet"),
    "the caller's credentials expire, and all sessions with them": Case(
        during=lambda t: t.sandbox.expire_credentials(),
        after="CreateChangeSet",
        fix=lambda t: t.sandbox.renew_credentials(),
    ),
    "the caller's credentials expire, and no session yet": Case(
        during=lambda t: t.sandbox.expire_credentials("999999999999"),
        after="CreateChangeSet",
        fix=lambda t: t.sandbox.renew_credentials(),
    ),
    "the role is missing in an account": Case(before=delete_role, says="drift.resync_role"),
    "the role does not trust the caller in an account": Case(
        before=distrust, says="drift.resync_role"
    ),
    "an account is suspended meanwhile": Case(
        during=lambda t: t.sandbox.suspend(VICTIM.account), says="is suspended"
    ),
    "an account is closed meanwhile": Case(
        during=lambda t: t.sandbox.close(VICTIM.account), says="is suspended"
    ),
    "an account leaves the organization": Case(
        during=lambda t: t.sandbox.leave(VICTIM.account), says="has left"
    ),
    "an account moves to another unit meanwhile": Case(
        during=lambda t: t.sandbox.move(VICTIM.account, "/Dev")
    ),
    "the stack is gone": Case(during=delete_stack, says="the stack is gone"),
    "a StackSets operation of another tool runs on the stack": Case(during=update_slowly),
    "a rollout of ours is to change the stack set": Case(during=plan_another),
    "another user executes another change set first": Case(
        during=execute_another, after="CreateChangeSet"
    ),
    "another user deletes our change set": Case(during=delete_ours, after="CreateChangeSet"),
    "a change set cannot be created": Case(
        before=lambda t: t.sandbox.refuse_change_set(*VICTIM, NAME), says="could not be created"
    ),
    "a change set fails and is rolled back": Case(
        before=lambda t: t.sandbox.fail_change_set(*VICTIM, NAME), says="Topic: Simulated"
    ),
    "a stack is in UPDATE_ROLLBACK_FAILED": Case(
        before=fail_to_roll_back, says="ContinueUpdateRollback"
    ),
    "the creation of a change set does not end": Case(
        before=lambda t: t.sandbox.stuck_change_set(*VICTIM, NAME, step="create"),
        says="the creation of the change set does not end",
    ),
    "the update of a stack does not end": Case(
        before=lambda t: t.sandbox.stuck_change_set(*VICTIM, NAME),
        says="the update of the stack does not end",
    ),
    "drift detection of stacks does not end": Case(
        settings={"stack_drift_duration": timedelta(days=3)}, says="nothing is proven"
    ),
    "executed change sets cannot be described": Case(settings={"executed_change_set": "gone"}),
    "the same, and the answer to ExecuteChangeSet is lost": Case(
        before=lambda t: t.sandbox.lose_response("ExecuteChangeSet", times=3),
        settings={
            "executed_change_set": "gone",
            "stack_update_duration": timedelta(milliseconds=1),
        },
    ),
    "CloudFormation reverts no drift on stacks of stack sets": Case(
        settings={"revert_drift_on_stack_set_stacks": False},
        says="change the resource back by hand",
    ),
    "the disk is full": Case(before=stumble_at_length, during=fill_disk, after="CreateChangeSet"),
    "the journal is locked for minutes": Case(during=lock_journal, after="CreateChangeSet"),
    "the clock is set back two hours": Case(
        during=jump(timedelta(hours=-2)),
        after="CreateChangeSet",
        settings={"stack_update_duration": timedelta(minutes=75)},  # longer than a session
    ),
    "the clock jumps ahead by a day": Case(
        during=jump(timedelta(days=1)),
        after="DetectStackDrift",
        settings={"stack_drift_duration": timedelta(minutes=5)},
    ),
}
ROWS = [
    pytest.param(*row, id=row[0], marks=() if row[0] in QUICK_ROWS else NOT_QUICK)
    for row in rows_of("faults of a re-sync")
]


def manifest() -> dict[str, Any]:
    wanted = deepcopy(BASE)
    wanted["drift"] = {"resync_role": ROLE}
    wanted["rollout"] = {
        "waves": [
            {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "90m"}},
        ],
        "max_failed_accounts": 1,
    }
    return wanted


@contextmanager
def in_trouble(case: Case, folder: Path) -> Iterator[Trouble]:
    """Give a stack set that was deployed everywhere, and changed by hand in some places."""
    settings = Settings(**{**QUICK, **(case.settings or {})})
    with Sandbox.start(organization(), settings=settings) as sandbox:
        stage = Stage(sandbox, folder)
        stage.apply(manifest())
        sandbox.drifted(NAME, "Topic", "AWS::SNS::Topic", [DIFFERENCE], pairs=[*DRIFTED, VICTIM])
        sandbox.session().client("cloudformation").detect_stack_set_drift(StackSetName=NAME)
        sandbox.run_to_end()
        yield Trouble(stage, manifest(), Jumping(sandbox.clock))


def begin(trouble: Trouble) -> RolloutId:
    context = trouble.stage.context()
    loaded = load_manifest(trouble.stage._write(trouble.manifest))
    picture = look(loaded, context, lambda _: None, drift=True)
    sought = seek_repairs(loaded, picture, context, lambda _: None)
    assert {pair for _, pair, _ in sought.resync.plan.changes()} == {*DRIFTED, VICTIM}
    return begin_rollout(sought.resync.plan, context).state.id


def drive_until_it_ends(case: Case, trouble: Trouble, rollout: RolloutId) -> Rollout:
    """Drive in one process, and cause the fault at its moment."""
    left = [case.during] if case.during else []

    def follow(tick: Any) -> None:
        begun = tick.rollout.state.in_flight and (not case.after or calls_of(trouble, case.after))
        if begun and left:
            left.pop()(trouble)

    over = drive(rollout, trouble.context(), follow)
    assert not left
    return over


def ending(case: Case, trouble: Trouble) -> tuple[str, Rollout]:
    """Return how it ends in the words of the table."""
    rollout = begin(trouble)
    if case.before:
        case.before(trouble)
    try:
        over = drive_until_it_ends(case, trouble, rollout)
    except OrgRolloutError as error:
        said = error
    else:
        return ENDINGS[over.state.outcome], over
    assert "resume" in str(said) or "safe" in str(said)
    assert not trouble.stage.load(rollout).state.phase.is_over
    trouble.sandbox.simulation.faults.calls.clear()
    if case.fix:
        case.fix(trouble)
    over = drive(rollout, trouble.stage.context(), lambda _: None)
    return f"exit {said.exit_code}, then resume: {ENDINGS[over.state.outcome]}", over


def still_drifted(trouble: Trouble) -> set[Pair]:
    """Return the places with drift left, by the sandbox's own record."""
    drifted: set[str] = set(trouble.sandbox.simulation.deployer.drifted)  # type: ignore[attr-defined]
    places = [stack.split(":") for stack in drifted]
    return {Pair(AccountId(parts[4]), parts[3]) for parts in places}  # type: ignore[arg-type]


def executed(trouble: Trouble) -> Counter[tuple[str, ...]]:
    """Return how often each change set of ours was carried out."""
    return Counter(
        (call.account, call.region, str(call.params["ChangeSetName"]))
        for call in calls_of(trouble, "ExecuteChangeSet")
        if call.params["ChangeSetName"] != "theirs"
    )


@pytest.mark.parametrize(("fault", "_happens", "ends"), ROWS)
def test_every_fault_ends_as_the_table_says(
    fault: str, _happens: str, ends: str, tmp_path: Path
) -> None:
    case = CASES[fault]
    with in_trouble(case, tmp_path) as trouble:
        ended, rollout = ending(case, trouble)
        state = rollout.state

        told = [(f.pair, f.reason, advice(f.reason, own=f.own)) for f in state.failed]
        assert ended == ends, told
        assert case.says in str(told)
        assert bool(case.says) is bool(told)
        assert set(executed(trouble).values()) <= {1}
        wanted = {*DRIFTED, VICTIM}
        done = wanted - {f.pair for f in state.failures if f.final}
        if state.outcome is not Outcome.HALTED:
            assert not still_drifted(trouble) & done
            records = history(trouble.stage.context().journal, NAME).values()
            over = {r.pair for r in records if r.repaired is not None or r.gone is not None}
            assert over == done
            assert len(wanted - done) <= 1


def test_every_fault_is_in_the_table() -> None:
    assert [row[0] for row in rows_of("faults of a re-sync")] == list(CASES)
    assert set(CASES) >= QUICK_ROWS
