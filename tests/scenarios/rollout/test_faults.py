"""The table of faults in docs/operations.md is true, row by row."""

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
from orgrollout.model.ids import Pair, RolloutId, StackSetName
from orgrollout.model.operation_id import detection_id
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.sampling import sampled
from tests.stage import BASE, PROD, TOPIC, Stage, exactly, organization
from tests.trouble import (
    ENDINGS,
    TEN_MINUTES,
    Happening,
    Jumping,
    Trouble,
    fill_disk,
    jump,
    lift_limit,
    limit_files,
    lock_journal,
    outage,
    rows_of,
    write_protect,
)

ROWS = rows_of("faults")


@dataclass(frozen=True)
class Case:
    """The moment of a fault, and how it is fixed."""

    before: Happening | None = None  # before the rollout begins
    during: Happening | None = None  # when its first operation runs
    at_end: Happening | None = None  # when its last operation has ended, and not yet the rollout
    fix: Happening | None = None
    first: bool = False  # BASE was applied before, so that this is an update
    settings: Settings | None = None
    bucket: bool = False  # the journal is in one


def update_instances(trouble: Trouble) -> None:
    """Change overrides as a user of the console would."""
    trouble.client().update_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(trouble.sandbox, PROD[0]),
        Regions=["us-east-1"],
        ParameterOverrides=[{"ParameterKey": "Suffix", "ParameterValue": "foreign"}],
    )
    trouble.sandbox.run_to_end()


def change_definition(trouble: Trouble) -> None:
    """Change the template between two waves, aimed at a stack instance that is done."""
    trouble.sandbox.run_to_end()
    done = min(trouble.stage.deployed())
    trouble.client().update_stack_set(
        StackSetName="base-topics",
        TemplateBody=TOPIC + "    DependsOn: []\n",
        DeploymentTargets=exactly(trouble.sandbox, done.account),
        Regions=[done.region],
    )
    trouble.sandbox.run_to_end()


def delete_stack_set(trouble: Trouble) -> None:
    trouble.sandbox.run_to_end()
    trouble.client().delete_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets={"OrganizationalUnitIds": [trouble.sandbox.organization.root_id]},
        Regions=["us-east-1", "eu-west-1"],
        RetainStacks=True,
    )
    trouble.sandbox.run_to_end()
    trouble.client().delete_stack_set(StackSetName="base-topics")


def detect_drift(trouble: Trouble) -> None:
    trouble.client().detect_stack_set_drift(StackSetName="base-topics")


def slow_drift(trouble: Trouble) -> None:
    trouble.sandbox.slow(times=1)
    detect_drift(trouble)


def own_drift(trouble: Trouble) -> None:
    """Look for drift as we do, without this journal: from another machine."""
    trouble.sandbox.slow(times=1)
    name = StackSetName("base-topics")
    operation = detection_id(trouble.sandbox.clock.now(), "elsewhere")
    trouble.stage.context().stack_sets.detect_drift(name, operation)


def drift_detected(trouble: Trouble) -> None:
    detect_drift(trouble)
    trouble.sandbox.run_to_end()


def long_reason(trouble: Trouble) -> None:
    """Let a stack instance fail once, for a reason that takes room in the journal."""
    trouble.sandbox.fail(reason="Rate exceeded " + "x" * 20_000)


def remove_instance(trouble: Trouble) -> None:
    """Remove a stack instance that a later wave is to update."""
    trouble.sandbox.run_to_end()
    trouble.client().delete_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(trouble.sandbox, PROD[2]),
        Regions=["us-east-1"],
        RetainStacks=True,
    )
    trouble.sandbox.run_to_end()


CASES: dict[str, Case] = {
    "an answer is lost": Case(before=lambda t: t.sandbox.lose_response("CreateStackInstances")),
    "AWS throttles to one call a second": Case(before=lambda t: t.sandbox.throttle(per_second=1)),
    "a burst of server errors": Case(during=lambda t: t.sandbox.server_error(times=8)),
    "an outage of ten minutes": Case(during=outage(TEN_MINUTES)),
    "no network for ten minutes": Case(
        during=lambda t: t.away(lambda: t.sandbox.lose_response(times=None), TEN_MINUTES)
    ),
    "an outage of a day": Case(during=outage(timedelta(days=1))),
    "credentials expire": Case(
        during=lambda t: t.sandbox.expire_credentials(),
        fix=lambda t: t.sandbox.renew_credentials(),
    ),
    "another tool's operation runs on the stack set": Case(first=True, before=slow_drift),
    "a drift detection of ours runs on the stack set": Case(first=True, before=own_drift),
    "a stale request": Case(before=lambda t: t.sandbox.stale_request("CreateStackInstances")),
    "an account is suspended": Case(during=lambda t: t.sandbox.suspend(PROD[4])),
    "an account is closed": Case(during=lambda t: t.sandbox.close(PROD[4])),
    "an account moves to another unit": Case(
        first=True, during=lambda t: t.sandbox.move(PROD[4], "/Dev")
    ),
    "an account is added": Case(during=lambda t: t.sandbox.add_account("newcomer", "/Prod")),
    "another user removes a stack instance that is to be updated": Case(
        first=True, during=remove_instance
    ),
    "another user deletes the stack set": Case(during=delete_stack_set),
    "another user changes the stack set": Case(during=change_definition),
    "another user updates stack instances that are done": Case(at_end=update_instances),
    "another user looks for drift afterwards": Case(at_end=drift_detected),
    "lists lag behind": Case(
        settings=Settings(result_lag=timedelta(seconds=90), deploy_resources=False)
    ),
    "the disk is full": Case(before=long_reason, during=fill_disk),
    "the journal becomes read-only": Case(during=write_protect),
    "the journal's file may not be written": Case(during=limit_files, fix=lift_limit),
    "the journal is locked for minutes": Case(during=lock_journal),
    "the journal's bucket is out of reach for ten minutes": Case(
        bucket=True,
        during=lambda t: t.away(
            lambda: t.sandbox.server_error(times=None, service="s3"), TEN_MINUTES
        ),
    ),
    "the clock is set back two hours": Case(during=jump(timedelta(hours=-2))),
    "the clock jumps ahead by a day": Case(during=jump(timedelta(days=1))),
    "the clock of this machine is wrong, or becomes so in the middle": Case(
        before=jump(timedelta(hours=3)), during=jump(timedelta(hours=-5))
    ),
}


def manifest(case: Case) -> dict[str, Any]:
    wanted = deepcopy(BASE)
    wanted["rollout"] = {
        "waves": [{"name": "canary", "sample": {"per_ou": 1}}],
        "max_failed_accounts": 1,
    }
    if case.first:
        wanted["stack_sets"]["topics"]["parameters"] = {"Suffix": "new"}
    return wanted


@contextmanager
def in_trouble(case: Case, folder: Path) -> Iterator[Trouble]:
    settings = case.settings or Settings(
        median_duration=timedelta(seconds=20), deploy_resources=False
    )
    with Sandbox.start(organization(), settings=settings) as sandbox:
        stage = Stage(sandbox, folder)
        if case.bucket:
            stage.bucket = "acme-orgrollout"
            sandbox.session().client("s3").create_bucket(Bucket=stage.bucket)
        if case.first:
            stage.apply()
        try:
            yield Trouble(stage, manifest(case), Jumping(sandbox.clock))
        finally:
            lift_limit(stage)


def happens(happening: Happening | None, trouble: Trouble) -> None:
    if happening is not None:
        happening(trouble)


def drive_until_it_ends(case: Case, trouble: Trouble, rollout: RolloutId) -> Rollout:
    """Drive in one process, and cause the faults at their moments."""
    done: set[str] = set()

    def once(name: str, happening: Happening | None) -> None:
        if name not in done:
            done.add(name)
            happens(happening, trouble)

    def follow(tick: Any) -> None:
        state = tick.rollout.state
        names = {s.name for s in trouble.sandbox.simulation.stack_sets}
        if state.in_flight and "base-topics" in names:
            once("during", case.during)
        if state.wave >= len(tick.rollout.plan.waves):
            once("at_end", case.at_end)

    return drive(rollout, trouble.context(), follow)


def ending(case: Case, trouble: Trouble) -> tuple[str, Rollout]:
    """Return how it ends in the words of the table."""
    rollout = trouble.stage.begin(trouble.manifest)
    happens(case.before, trouble)
    try:
        over = drive_until_it_ends(case, trouble, rollout)
    except OrgRolloutError as error:
        said = error
    else:
        return words(over), over
    assert "resume" in str(said) or "safe" in str(said)
    assert not trouble.stage.load(rollout).state.phase.is_over
    trouble.sandbox.simulation.faults.calls.clear()
    happens(case.fix, trouble)
    over = drive(rollout, trouble.stage.context(), lambda _: None)
    return f"exit {said.exit_code}, then resume: {words(over)}", over


def words(rollout: Rollout) -> str:
    skipped = any(f.kind is FailureClass.SKIPPED for f in rollout.state.failures)
    return ENDINGS[rollout.state.outcome] + (", without that account" if skipped else "")


def really_there(trouble: Trouble) -> set[Pair]:
    """Return the stack instances in the desired state, by the sandbox's own record."""
    there = trouble.sandbox.stack_set("base-topics")
    return {
        Pair(*pair)  # type: ignore[arg-type]
        for pair, instance in there.instances.items()
        if instance.status == "CURRENT"
        and instance.detailed_status == "SUCCEEDED"
        and instance.applied_version == there.definition.version
        and not instance.overrides
    }


@pytest.mark.parametrize(("fault", "_happens", "ends"), sampled(ROWS), ids=[row[0] for row in ROWS])
def test_every_fault_ends_as_the_table_says(
    fault: str, _happens: str, ends: str, tmp_path: Path
) -> None:
    case = CASES[fault]
    with in_trouble(case, tmp_path) as trouble:
        ended, rollout = ending(case, trouble)

        assert ended == ends, rollout.state.note
        ids = [o.id for o in trouble.sandbox.operations("base-topics")]
        assert len(ids) == len(set(ids))
        wanted = {p for o in rollout.plan.operations for p in o.rectangle.pairs}
        failed = {f.pair for f in rollout.state.failures if f.final}
        if rollout.state.outcome is not Outcome.HALTED:
            assert really_there(trouble) >= wanted - failed


def test_every_fault_is_in_the_table() -> None:
    assert [row[0] for row in ROWS] == list(CASES)
