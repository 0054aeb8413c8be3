"""Stack sets that a service of AWS made are refused for every manifest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgrollout.errors import ManifestError
from orgrollout.model.service_owned import owning_service
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, TOPIC, Stage, organization


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(organization(settings={"deploy_resources": False})) as sandbox:
        yield Stage(sandbox, tmp_path)


def named(name: str, **more: Any) -> dict[str, Any]:
    return {**BASE, "stack_sets": {"it": {"template": "it.yaml", "stack_set_name": name, **more}}}


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("AWSControlTowerBP-BASELINE-CONFIG", "AWS Control Tower"),
        ("AWS-QuickSetup-SSMHostMgmt-LA-1", "Quick Setup"),
        ("SC-111122223333-pp-abc", "Service Catalog"),
    ],
)
@pytest.mark.parametrize("adopt", [True, False])
def test_a_name_reserved_by_a_service_is_refused_before_anything_is_read(
    stage: Stage, name: str, service: str, adopt: bool
) -> None:
    """Also where no stack set of that name exists so far: the service may make it any day."""
    (stage.folder / "it.yaml").write_text(TOPIC)
    with pytest.raises(ManifestError, match=service) as refused:
        stage.plan(named(name, adopt=adopt))
    (problem,) = refused.value.problems
    assert problem.field == "stack_sets.it.stack_set_name"
    assert not stage.sandbox.calls or not any(c.is_write for c in stage.sandbox.calls)


def test_a_reserved_name_made_of_manifest_and_key_is_refused(stage: Stage) -> None:
    (stage.folder / "it.yaml").write_text(TOPIC)
    wanted = {**BASE, "name": "AWSControlTower", "stack_sets": {"it": {"template": "it.yaml"}}}
    with pytest.raises(ManifestError):
        stage.plan(wanted)


@pytest.mark.parametrize("name", ["MyAWSControlTower", "SC-baseline", "controltower-extras"])
def test_other_names_belong_to_no_service(name: str) -> None:
    assert not owning_service(name)


def test_a_stack_set_tagged_by_a_service_cannot_be_adopted(stage: Stage) -> None:
    stage.sandbox.session(None, "us-east-1").client("cloudformation").create_stack_set(
        StackSetName="theirs",
        TemplateBody=TOPIC,
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": False},
    )
    definition = stage.sandbox.stack_set("theirs").definition
    definition.tags["aws:servicecatalog:productArn"] = "arn"
    (stage.folder / "it.yaml").write_text(TOPIC)
    with pytest.raises(PlanRefusedError, match="a service of AWS made it"):
        stage.plan(named("theirs", adopt=True))
