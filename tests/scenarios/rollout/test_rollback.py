"""A rollback restores only the updated stack instances, in reverse order."""

from dataclasses import replace
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.documents.rollouts import Rollout, give_order
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.lifecycle.rollback import begin_rollback, plan_rollback
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, resume, retry
from orgrollout.rollout.rollback.rollback import NothingToRollBackError
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import DENIED, EVERYWHERE, with_waves
from tests.stage import DEV, EU, LAB, PROD, TOPIC, US, Stage, exactly, pairs

pytestmark = pytest.mark.slow

CANARY = {"name": "canary", "sample": {"per_ou": 1}}


def changed(**stack_set: Any) -> dict[str, Any]:
    manifest = with_waves(CANARY)
    manifest["stack_sets"]["topics"].update(stack_set)
    return manifest


def take_back(stage: Stage, rollout: Rollout) -> Rollout:
    back = begin_rollback(stage.load(rollout.state.id), stage.context())
    return drive(back.state.id, stage.context(), lambda _: None)


def names(stage: Stage, where: set[Pair]) -> set[str | None]:
    return {stage.display_name(pair) for pair in where}


def test_a_rollback_restores_template_and_parameters(stage: Stage) -> None:
    stage.apply()
    rollout = stage.apply(changed(parameters={"Suffix": "new"}))
    assert names(stage, EVERYWHERE) == {"new-b"}

    back = take_back(stage, rollout)

    assert back.state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"a-b"}
    assert stage.plan().is_empty
    assert stage.load(rollout.state.id).state.superseded_by == back.state.id


def test_a_rollback_runs_in_reverse_order(stage: Stage) -> None:
    """The last change is rolled back first: waves, and stack sets that depend on each other."""
    manifest = with_waves(CANARY)
    manifest["stack_sets"] = {
        "first": {"template": "topic.yaml"},
        "second": {"template": "topic.yaml", "depends_on": ["first"]},
    }
    stage.apply(manifest)
    for stack_set in manifest["stack_sets"].values():
        stack_set["parameters"] = {"Suffix": "new"}
    rollout = stage.apply(manifest)

    job = stage.load(rollout.state.id)
    job = replace(job, plan=replace(job.plan, unattended=True, rollout_rules="rules"))
    plan = plan_rollback(job, stage.context().journal)
    back = take_back(stage, rollout)

    assert (plan.unattended, plan.rollout_rules) == (False, "")  # no later job finishes it
    assert [wave.name for wave in plan.waves] == ["back-rest", "back-canary"]
    assert plan.stack_sets[next(iter(plan.stack_sets))].depends_on == ("second",)
    completed = [back.plan.operations[one.planned] for one in back.state.completed]
    assert [(o.wave, o.stack_set) for o in completed] == [
        (o.wave, key) for o, key in zip(completed, ["second", "first"] * 2, strict=True)
    ]
    assert names(stage, EVERYWHERE) == {"a-b"}


def test_a_rollback_restores_only_the_pairs_reached(stage: Stage) -> None:
    """Later waves of a halted rollout never got the new template, and see no operation at all."""
    stage.apply()
    for account in ("p1", "p2", "p3"):
        stage.sandbox.fail(account, None, times=None, reason=DENIED, action="UPDATE")
    halted = stage.apply(changed(parameters={"Suffix": "new"}))
    assert halted.state.outcome is Outcome.HALTED
    canary = {p for o in halted.plan.operations if o.wave == 1 for p in o.rectangle.pairs}
    stage.sandbox.simulation.faults.instances.clear()

    take_back(stage, halted)

    (back,) = [o for o in stage.sandbox.operations("base-topics") if "-3-" in o.id[:12]]
    assert back.targets == canary
    assert names(stage, EVERYWHERE) == {"a-b"}
    assert stage.plan().is_empty


def test_a_rollback_keeps_and_lists_created_stacks(stage: Stage) -> None:
    stage.apply()
    manifest = changed(parameters={"Suffix": "new"})
    manifest["targets"] = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}
    rollout = stage.apply(manifest)

    back = take_back(stage, rollout)

    created = pairs(LAB)
    assert names(stage, EVERYWHERE) == {"a-b"}
    assert names(stage, created) == {"new-b"}
    (warning,) = back.plan.warnings
    assert "created and left as they are" in warning
    assert all(str(pair) in warning for pair in created)


def test_a_rollback_restores_overrides(stage: Stage) -> None:
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "mine"}}
    stage.apply(changed(parameter_overrides=[override]))
    other = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "other"}}
    rollout = stage.apply(changed(parameters={"Other": "o"}, parameter_overrides=[other]))
    assert names(stage, pairs([DEV[0]])) == {"other-o"}

    take_back(stage, rollout)

    assert names(stage, pairs([DEV[0]])) == {"mine-b"}
    assert names(stage, pairs(PROD)) == {"a-b"}


def test_a_rollback_restores_overrides_of_another_user(stage: Stage) -> None:
    """No plan had them, so they were read before they were changed."""
    stage.apply()
    stage.sandbox.session().client("cloudformation").update_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(stage.sandbox, DEV[0]),
        Regions=["us-east-1"],
        ParameterOverrides=[{"ParameterKey": "Suffix", "ParameterValue": "foreign"}],
    )
    stage.sandbox.run_to_end()
    rollout = stage.apply()
    assert stage.display_name(Pair(DEV[0], US)) == "a-b"

    take_back(stage, rollout)

    assert stage.display_name(Pair(DEV[0], US)) == "foreign-b"
    assert stage.display_name(Pair(DEV[0], EU)) == "a-b"


def test_a_rollback_restores_what_each_stack_instance_ran_before(stage: Stage) -> None:
    """If an earlier, superseded rollout sent the definition, its plan has it."""
    stage.apply()
    stage.sandbox.fail("p2", None, times=1, reason=DENIED, action="UPDATE")
    manifest = changed(parameters={"Suffix": "new"})
    halted = stage.apply(manifest)
    assert halted.state.outcome is Outcome.HALTED
    rest = {p for p in EVERYWHERE if stage.display_name(p) == "a-b"}
    begun = begin_rollout(stage.plan(manifest), stage.context(), supersede=True)
    rollout = stage.finish(begun.state.id)
    assert names(stage, EVERYWHERE) == {"new-b"}

    back = take_back(stage, rollout)

    assert back.state.outcome is Outcome.SUCCEEDED
    left = {p for p in rest if stage.display_name(p) != "a-b"}
    assert left < rest
    (warning,) = back.plan.warnings  # failed stack instances have the id of the failed update
    assert all(str(pair) in warning for pair in left)
    assert names(stage, EVERYWHERE - rest) == {"new-b"}


def test_a_rollback_does_not_send_the_mask_of_a_hidden_value(stage: Stage) -> None:
    """CloudFormation shows NoEcho parameters as ****."""
    secret = "{{resolve:ssm-secure:/topic}}"
    for account, region in EVERYWHERE:
        ssm = stage.sandbox.session(account, region).client("ssm")
        ssm.put_parameter(Name="/topic", Value="x", Type="SecureString")
    template = TOPIC.replace(
        "Other: {Type: String, Default: b}", "Other: {Type: String, NoEcho: true}"
    )
    (stage.folder / "secret.yaml").write_text(template)
    manifest = changed(template="secret.yaml", parameters={"Other": secret, "Suffix": "a"})
    stage.apply(manifest)
    manifest["stack_sets"]["topics"]["parameters"]["Suffix"] = "new"
    rollout = stage.apply(manifest)

    back = take_back(stage, rollout)

    assert back.state.outcome is Outcome.SUCCEEDED
    sent = [c.params for c in stage.sandbox.calls if c.operation == "UpdateStackSet"][-1]
    values = {p["ParameterKey"]: p["ParameterValue"] for p in sent["Parameters"]}
    assert values == {"Other": secret, "Suffix": "a"}


def test_a_rollout_without_updates_has_nothing_to_roll_back(stage: Stage) -> None:
    rollout = stage.apply()

    with pytest.raises(NothingToRollBackError, match="updated no stack instance"):
        take_back(stage, rollout)


def test_a_running_rollout_must_be_stopped_before_a_rollback(stage: Stage) -> None:
    rollout = stage.begin()

    with pytest.raises(WrongPhaseError, match=f"orgrollout stop {rollout}"):
        plan_rollback(stage.load(rollout), stage.context().journal)


def test_a_manifest_can_order_an_automatic_rollback(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.fail("p2", None, times=1, reason=DENIED, action="UPDATE")
    manifest = changed(parameters={"Suffix": "new"})
    manifest["rollout"]["on_failure"] = "rollback"

    halted = stage.apply(manifest)

    assert halted.state.outcome is Outcome.HALTED
    assert halted.state.superseded_by == "base-3"
    assert stage.load(halted.state.superseded_by).state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"a-b"}
    assert EventKind.ROLLBACK in [event.kind for event in stage.events]
    assert stage.plan().is_empty


def test_a_process_that_dies_before_its_rollback_is_resumed(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.fail("p2", None, times=1, reason=DENIED, action="UPDATE")
    manifest = changed(parameters={"Suffix": "new"})
    manifest["rollout"]["on_failure"] = "rollback"
    rollout = stage.begin(manifest)
    while stage.step(rollout).wake_after is not None:
        pass
    assert stage.load(rollout).state.phase is Phase.HALTED

    give_order(stage.context().journal, rollout, lambda r: resume(r.state))
    stage.finish(rollout)

    assert names(stage, EVERYWHERE) == {"a-b"}
    with pytest.raises(WrongPhaseError, match="superseded by base-3"):
        retry(stage.load(rollout).plan, stage.load(rollout).state)


def test_a_rollback_that_fails_is_retried_like_any_rollout(stage: Stage) -> None:
    stage.apply()
    rollout = stage.apply(changed(parameters={"Suffix": "new"}))
    stage.sandbox.fail("d1", "us-east-1", times=1, reason=DENIED, action="UPDATE")

    back = take_back(stage, rollout)
    assert back.state.failed
    give_order(stage.context().journal, back.state.id, lambda r: retry(r.plan, r.state))
    again = stage.finish(back.state.id)

    assert again.state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"a-b"}
    assert again.plan.counts()[OperationAction.UPDATE] == len(EVERYWHERE)
