"""What was there before a record began is there when it is replayed, as far as the record tells."""

from pathlib import Path
from typing import Any

from orgrollout.cli.main import main
from orgrollout.sandbox import Sandbox, VirtualClock, serve
from orgrollout.sandbox.replay.existing import Past, existing_stack_sets
from orgrollout.sandbox.replay.organization import role_of_operator
from orgrollout.sandbox.replay.record import load_record
from orgrollout.sandbox.replay.replay import Report, replay
from tests.aws.recording.support import PUBLIC, deploy, recorded
from tests.cli.support import write_manifest
from tests.stage import BASE, organization


def moment_of(past: Past) -> str:
    return past.moment


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(f.exchange.api, f.difference.kind.value, f.difference.place) for f in report.found]


def test_commands_on_what_is_deployed_replay_without_a_difference(tmp_path: Path) -> None:
    """A plan, a look for drift and an update: none of them creates what it works with."""
    new = {"stack_sets": {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "z"}}}}
    files = [tmp_path / f"{name}.jsonl" for name in ("plan", "drift", "update", "again")]
    with serve(organization(), clock=VirtualClock()) as server:
        where = ("--sandbox", server.endpoint, "--journal", str(tmp_path / "journal"))

        def run(command: str, *more: str, **changes: Any) -> None:
            manifest = write_manifest(tmp_path, {**BASE, **changes})
            assert main([command, str(manifest), *more, *where]) == 0

        run("apply", "--yes")
        run("plan", "--refresh", "full", "--record", str(files[0]))
        run("drift", "--detect", "--record", str(files[1]))
        run("apply", "--yes", "--record", str(files[2]), **new)
        run("plan", "--refresh", "full", "--record", str(files[3]), **new)

    for file in files[:3]:
        report = replay(load_record(file))
        assert (file.name, told(report), report.lacking) == (file.name, [], [])
        assert report.compared == report.requests
    # That an update came after the creation is not made again: the history is shorter.
    assert ("cloudformation:ListStackSetOperations", "items", "Summaries") in told(
        replay(load_record(files[3]))
    )


def test_what_a_record_creates_did_not_exist(rollout: Path) -> None:
    assert existing_stack_sets(load_record(rollout)) == []


def test_a_stack_set_that_only_a_list_names_is_there(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox:
        with recorded(sandbox, tmp_path / "before.jsonl") as (connection, _):
            deploy(connection, "topics", PUBLIC)
        sandbox.run_to_end()
        with recorded(sandbox, file) as (connection, _):
            connection.call("cloudformation", "ListStackSets", {"Status": "ACTIVE"})

    report = replay(load_record(file))

    assert told(report) == []
    assert report.lacking == []


def test_a_stack_set_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox:
        with recorded(sandbox, tmp_path / "before.jsonl") as (connection, _):
            deploy(connection, "topics", PUBLIC)
        sandbox.run_to_end()
        with recorded(sandbox, file) as (connection, _):
            connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "topics"})
    file.write_text(file.read_text().replace("Resources:", "Others:"))

    report = replay(load_record(file))

    assert report.lacking == ["w1: CreateStackSet: ValidationError"]
    assert told(report) == [("cloudformation:DescribeStackSet", "code", "")]


def test_a_stack_set_of_which_only_the_stack_instances_are_told(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox:
        with recorded(sandbox, tmp_path / "before.jsonl") as (connection, _):
            deploy(connection, "topics", PUBLIC)
        sandbox.run_to_end()
        with recorded(sandbox, file) as (connection, _):
            connection.call("cloudformation", "ListStackInstances", {"StackSetName": "topics"})

    report = replay(load_record(file))

    assert told(report) == []
    assert report.lacking == []


def test_the_caller_is_called_as_in_the_record(rollout: Path) -> None:
    """Roles that a template makes may trust the caller's role by its name."""
    record = load_record(rollout)
    identity = next(record.answered("GetCallerIdentity")).answer

    assert identity is not None
    assert identity.result is not None
    assert role_of_operator(record) == tuple(identity.result["Arn"].split("/")[1:])


def test_stack_instances_are_made_in_the_order_of_their_operations(tmp_path: Path) -> None:
    """A stack set may need what another one made before it."""
    file = tmp_path / "record.jsonl"
    with Sandbox.start(organization()) as sandbox:
        with recorded(sandbox, tmp_path / "before.jsonl") as (connection, _):
            for name in ("later", "first"):
                connection.call(
                    "cloudformation",
                    "CreateStackSet",
                    {
                        "StackSetName": name,
                        "TemplateBody": PUBLIC,
                        "PermissionModel": "SERVICE_MANAGED",
                        "AutoDeployment": {"Enabled": False},
                    },
                )
            root = sandbox.organization.root_id
            for name in ("first", "later"):
                where = {"DeploymentTargets": {"OrganizationalUnitIds": [root]}}
                asked = {"StackSetName": name, "Regions": ["us-east-1"], **where}
                connection.call("cloudformation", "CreateStackInstances", asked)
                sandbox.run_to_end()
        with recorded(sandbox, file) as (connection, _):
            connection.call("cloudformation", "ListStackSets", {"Status": "ACTIVE"})
            for name in ("later", "first"):
                named = {"StackSetName": name}
                connection.call("cloudformation", "ListStackSetOperations", named)
                connection.call("cloudformation", "ListStackInstances", named)

    record = load_record(file)
    there = existing_stack_sets(record)
    past = [operation for each in there for operation in each.operations("r-0001")]

    assert [each.name for each in there] == ["w1", "w2"]  # as they are listed
    assert [p.parameters["StackSetName"] for p in sorted(past, key=moment_of)] == ["w2", "w1"]
    assert told(replay(record)) == []
