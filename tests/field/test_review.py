"""Review, drift, deletion, lifecycle. Numbers as in `test_complete`."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.cli.actions.rollout.saved_plan import Options, read_saved, save_plan
from orgrollout.cli.options.groups import Narrow
from orgrollout.drift.finding import Verdict
from orgrollout.errors import ReadOnlyError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.lifecycle.rollback import begin_rollback
from orgrollout.reconcile.reading.plan_request import plan_from
from orgrollout.report.plan.as_json import plan_json
from tests.resyncing import ROLE, detect, seek
from tests.stage import BASE, DEV, EU, LAB, PROD, TOPIC, TOPICS, US, Stage, changed, pairs

OVERRIDE = {"targets": {"organizational_units": ["/Dev"]}, "parameters": {"Suffix": "dev"}}


def topics(**changes: Any) -> dict[str, Any]:
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"].update(changes)
    return manifest


def test_field_35_what_was_reviewed_is_what_is_applied_tried_out_in_a_sandbox(
    stage: Stage, tmp_path: Path
) -> None:
    """An approval needs something to look at: a file with every pair, carried out as it is."""
    asked = Options(manifest=tmp_path / "a.plan", narrow=Narrow(), allow_removals=None)
    plan = stage.plan()
    save_plan(asked.manifest, asked, plan)
    reviewed = {(c["account"], c["region"]) for c in plan_json(plan, {})["changes"]}

    manifest = topics(parameters={"Suffix": "unseen"})
    stage.plan({**manifest, "targets": {"organizational_units": ["/Prod", "/Lab"]}})
    saved = read_saved(asked)
    assert saved is not None
    assert saved.plan == plan
    stage.finish(begin_rollout(saved.plan, stage.context()).state.id)

    assert stage.sandbox.operations("base-topics")[0].targets == reviewed == stage.deployed()
    assert stage.display_name(Pair(DEV[0], US)) == "a-b"


def test_field_36_looking_changes_nothing_and_could_not(stage: Stage) -> None:
    stage.apply()
    before = len(stage.writes())
    context = stage.context()
    planning = context.connection.planning()
    reading = replace(context, connection=planning, stack_sets=StackSets(planning))

    picture = stage.look(topics(parameter_overrides=[OVERRIDE]), reading)
    plan = plan_from(load_manifest(stage.folder / "manifest.yaml"), picture, reading)

    assert plan.counts()[OperationAction.UPDATE] == len(pairs(DEV))
    assert len(stage.writes()) == before
    with pytest.raises(ReadOnlyError):
        planning.call("cloudformation", "DeleteStackSet", {"StackSetName": "base-topics"})


@pytest.mark.parametrize(
    "manifest",
    [
        topics(),
        topics(parameter_overrides=[OVERRIDE]),
        topics(description="", tags={"owner": "security"}),
        topics(capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]),
    ],
)
def test_field_37_a_plan_after_an_apply_is_empty(stage: Stage, manifest: dict[str, Any]) -> None:
    stage.apply(manifest)

    assert stage.plan(manifest).is_empty


def test_field_37_a_definition_that_changes_as_the_last_stack_instances_go_is_no_difference(
    stage: Stage,
) -> None:
    """It waits for the next ones: until then nothing would have it."""
    stage.apply()
    manifest = topics(parameters={"Suffix": "new"})
    nobody = {"include": "all", "exclude": [{"organizational_units": ["/"], "reason": "none"}]}
    guards = {"max_removed_accounts": 9, "on_empty_targets": "ok", "retain_stacks": False}
    stage.apply({**manifest, "targets": nobody, "guards": guards})
    assert stage.deployed() == set()

    assert stage.plan({**manifest, "targets": nobody, "guards": guards}).is_empty
    stage.apply(manifest)

    assert stage.display_name(Pair(DEV[0], US)) == "new-b"


def test_field_38_false_drift_that_a_rule_ignores_is_told_and_never_repaired(
    stage: Stage,
) -> None:
    """What the same detection finds beside it is repaired; and no plan ever follows from drift."""
    rule = {"stack_set": "topics", "resource": "Topic", "property": "/DisplayName"}
    ignoring = {**BASE, "drift": {"resync_role": ROLE, "ignore": [{**rule, "reason": "false"}]}}
    other = {**BASE, "drift": {**ignoring["drift"], "ignore": []}}
    stage.apply(ignoring)
    stage.sandbox.tamper(DEV[0], US, "base-topics", "Topic", "/DisplayName", "by hand")
    stage.sandbox.delete_resource(DEV[1], US, "base-topics", "Topic")
    detect(stage, name="base-topics")

    ignored, real = seek(stage, ignoring), seek(stage, other)

    verdicts = {f.pair: (f.verdict, f.reason) for f in ignored.findings.findings}
    assert verdicts[Pair(DEV[0], US)] == (Verdict.IGNORED, "false")
    assert set(changed(ignored.resync.plan, OperationAction.REVERT)) == {Pair(DEV[1], US)}
    assert set(changed(real.resync.plan, OperationAction.REVERT)) == pairs(DEV, [US])
    assert stage.plan(ignoring).is_empty


def test_field_39_an_account_that_leaves_a_unit_is_kept_by_the_guards(stage: Stage) -> None:
    """A typo in a list of units must not take stacks away in the night."""
    stage.apply()
    for account in PROD:
        stage.sandbox.move(account, "/Lab")

    with pytest.raises(PlanRefusedError, match="5 accounts would lose stack instances"):
        stage.plan()


def test_field_39_a_move_between_targeted_units_is_no_change(stage: Stage) -> None:
    """The unit that CloudFormation recorded for a stack instance is not compared."""
    stage.apply()
    stage.sandbox.move(PROD[0], "/Dev")

    assert stage.plan().is_empty


def test_field_40_what_an_account_gets_comes_before_what_it_loses(stage: Stage) -> None:
    """Automatic deployment deletes and creates at the same time, and names clash."""
    manifest = deepcopy(BASE)
    manifest["guards"] = {"retain_stacks": False}
    manifest["stack_sets"] = {
        "prod": {"template": "topic.yaml", "targets": {"organizational_units": ["/Prod"]}},
        "dev": {"template": "topic.yaml", "targets": {"organizational_units": ["/Dev"]}},
    }
    stage.apply(manifest)
    stage.sandbox.move(PROD[0], "/Dev")

    rollout = stage.apply(manifest)

    steps = [(o.stack_set, o.action, o.accounts) for o in rollout.plan.operations]
    assert steps == [
        ("dev", OperationAction.CREATE, (PROD[0],)),
        ("prod", OperationAction.DELETE, (PROD[0],)),
    ]
    created = stage.sandbox.operations("base-dev")[-1]
    deleted = stage.sandbox.operations("base-prod")[-1]
    assert created.ended is not None
    assert deleted.started is not None
    assert created.ended <= deleted.started
    assert stage.plan(manifest).is_empty


@pytest.mark.parametrize("retain", [True, False])
def test_field_41_removal_keeps_or_deletes_as_the_manifest_says(
    stage: Stage, *, retain: bool
) -> None:
    stage.apply()
    manifest = {
        **topics(retain_stacks=retain),
        "targets": {"organizational_units": ["/Prod", "/Lab"]},
    }

    stage.apply(manifest)

    assert (stage.display_name(Pair(DEV[0], US)) is not None) is retain
    assert stage.deployed() == pairs((*PROD, *LAB))


def test_field_42_removal_goes_in_reverse_order(stage: Stage) -> None:
    manifest = deepcopy(BASE)
    manifest["stack_sets"] = {
        "roles": {"template": "topic.yaml"},
        "topics": {"template": "other.yaml", "depends_on": ["roles"]},
    }
    (stage.folder / "other.yaml").write_text(f"# other\n{TOPIC}")
    stage.apply(manifest)
    manifest["targets"] = {"organizational_units": ["/Prod"]}

    stage.apply(manifest)

    first = stage.sandbox.operations("base-topics")[-1]
    second = stage.sandbox.operations("base-roles")[-1]
    assert (first.action, second.action) == ("DELETE", "DELETE")
    assert first.ended is not None
    assert second.started is not None
    assert first.ended <= second.started


def test_field_43_a_template_that_changes_under_a_rollout_is_not_what_it_sends(
    stage: Stage,
) -> None:
    """What was planned is kept by its content, so that going on and going back mean the same."""
    rollout = stage.begin()
    (stage.folder / "topic.yaml").write_text(TOPIC.replace("Default: b", "Default: c"))

    stage.finish(rollout)

    assert stage.display_name(Pair(PROD[0], US)) == "a-b"


def test_field_43_a_rollback_brings_back_a_template_that_is_no_longer_anywhere_else(
    stage: Stage,
) -> None:
    """Not what its path or URL gives by then."""
    stage.apply()
    newer = TOPIC.replace("Default: b", "Default: c")
    manifest = topics(template="newer.yaml")
    (stage.folder / "newer.yaml").write_text(newer)
    rollout = stage.apply(manifest)
    assert stage.display_name(Pair(PROD[0], US)) == "a-c"
    for file in ("topic.yaml", "newer.yaml"):
        (stage.folder / file).write_text(TOPIC.replace("Default: b", "Default: d"))

    back = begin_rollback(stage.load(rollout.state.id), stage.context())
    stage.finish(back.state.id)

    assert stage.display_name(Pair(PROD[0], US)) == "a-b"


def test_field_44_a_new_account_gets_its_overrides_and_not_the_defaults(stage: Stage) -> None:
    """Automatic deployment knows no overrides and no tolerance, so it is off."""
    manifest = topics(parameter_overrides=[OVERRIDE])
    stage.apply(manifest)
    before = set(stage.sandbox.organization.accounts)
    stage.sandbox.add_account("newcomer", "/Dev")
    stage.sandbox.run_to_end()
    (account,) = set(stage.sandbox.organization.accounts) - before
    assert account not in {pair.account for pair in stage.deployed()}

    stage.apply(manifest)

    described = stage.context().stack_sets.describe(StackSetName("base-topics"))
    assert described is not None
    assert not described.auto_deployment
    client = stage.sandbox.session(account, EU).client("sns")
    (topic,) = client.list_topics()["Topics"]
    attributes = client.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
    assert attributes["DisplayName"] == "dev-b"


def test_field_45_an_account_that_moves_into_a_unit_joins(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.move(LAB[0], "/Prod")

    plan = stage.plan()

    assert changed(plan, OperationAction.CREATE) == pairs(LAB[:1])
    assert plan.counts().total() == 2


def test_field_46_overrides_are_told_per_stack_instance(stage: Stage) -> None:
    document = plan_json(stage.plan(topics(parameter_overrides=[OVERRIDE])), {})

    sets = document["parameter_sets"]
    overridden = {c["account"] for c in document["changes"] if sets[c["parameter_set"]]}
    assert overridden == set(DEV)
    assert {"Suffix": "dev"} in sets.values()
    assert document["stack_sets"][0]["stack_set"] == TOPICS
