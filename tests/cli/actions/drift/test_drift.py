"""`drift`: changes by hand, as text and as data, and an exit code."""

import csv
import io
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.inventory.watermark import DRIFT
from orgrollout.model.ids import Pair
from tests.cli.pseudo_terminal import PROGRAM, begun
from tests.cli.support import Program
from tests.drift import stack
from tests.paths import DOCS
from tests.stage import BASE, DEV, EU, PROD, US, Stage

pytestmark = pytest.mark.slow

ONE, TWO = Pair(PROD[0], US), Pair(DEV[0], EU)
PAGE = (DOCS / "drift.md").read_text()
ACCEPTED = {"stack_set": "topics", "resource": "Topic", "property": "/DisplayName", "reason": "ok"}
KEYS = [
    "stack_set",
    "account",
    "account_name",
    "region",
    "kind",
    "what",
    "verdict",
    "reason",
    "resource_type",
    "physical_id",
    "path",
    "expected",
    "actual",
    "subjects",
    "looked",
    "first_seen",
    "came_back",
    "subject",
    "changed_by",
]


def manifest(program: Program, **more: Any) -> Path:
    wanted = {**BASE, "stack_sets": {"topics": {"template": "drifting.yaml"}}, **more}
    (program.folder / "drifting.yaml").write_text(stack.TEMPLATE)
    path = program.folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(wanted, sort_keys=False))
    return path


@pytest.fixture
def deployed(patient: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The stack set, with a change by hand in each of two accounts."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", patient.server.endpoint)  # where the hands are, too
    assert patient("apply", manifest(patient), "--yes").code == 0
    stage = Stage(patient.sandbox, patient.folder)
    stack.rename_topic(stage, ONE)
    stack.shorten_retention(stage, TWO)
    return patient


def test_drift_looks_where_asked_and_reports_its_findings(deployed: Program) -> None:
    path = manifest(deployed)

    before = deployed("drift", path)
    ran = deployed("drift", path, "--detect", "--format", "json")

    assert before.code == 5  # there are no findings without a detection
    assert "no drift detection has run; `--detect` runs one" in before.out
    assert "No real finding in what was looked at" in before.out
    assert (
        "Not checked: drift of 14 stack instances. To have it checked: `orgrollout " in before.out
    )
    assert f"drift {path} --detect" in before.out
    assert "drift of 14 stack instances unknown" in before.out
    assert ran.code == 3
    assert "looking for drift in all stack instances" in ran.err
    assert ran.json["format_version"] == 1
    assert ran.json["summary"] == {
        "real": 2,
        "deleted_resource": 0,
        "ignored": 0,
        "not_checkable": 0,
        "waived": 0,
        "suspect": 0,
        "unknown": 0,
    }
    (found,) = ran.json["stack_sets"]
    assert found["stack_set"] == "topics"
    assert found["detection"]["status"] == "COMPLETED"
    assert found["detection"]["drifted"] == 2
    assert found["not_checkable"] == {"AWS::SSM::Document": 2}
    first = next(f for f in ran.json["findings"] if f["what"] == "Topic")
    assert list(first) == KEYS
    assert (first["account"], first["account_name"], first["region"]) == (ONE.account, "p1", US)
    assert (first["path"], first["expected"], first["actual"]) == (
        "/DisplayName",
        "as deployed",
        "by hand",
    )
    assert ran.json["calls"]["DetectStackSetDrift"] == 1
    assert ran.json["calls"]["ListStackInstanceResourceDrifts"] == 2


def test_drift_before_the_first_rollout_is_one_line(program: Program) -> None:
    """It counted every missing stack instance as a real finding, and sought a detection."""
    path = manifest(program)

    ran = program("drift", path)
    summary = program("drift", path, "--format", "json").json["summary"]
    part = program("drift", path, "--region", US)

    options = f" --sandbox {program.server.endpoint} --journal {program.folder / 'journal'}"
    assert ran.code == 3
    assert ran.out.splitlines()[1:] == [
        "Nothing of this manifest is deployed yet: 14 stack instances are missing in 1 stack set, "
        f"and this journal has no rollout of it. `orgrollout apply {path}{options}` deploys it."
    ]
    assert summary["real"] == 14
    assert "7 real findings in 7 stack instances" in part.out


def test_stacks_deleted_by_hand_are_not_taken_for_a_first_rollout(patient: Program) -> None:
    path = manifest(patient)
    assert patient("apply", path, "--yes").code == 0
    away = patient.folder / "away.json"
    destroy = ("--destroy", "--allow-removals", "14")
    assert patient("plan", path, *destroy, "--out", away).code == 0
    assert patient("apply", away, "--yes").code == 0

    ran = patient("drift", path)

    assert ran.code == 3
    assert "14 real findings in 14 stack instances" in ran.out
    assert "deployed yet:" not in ran.out


def test_text_shows_equal_findings_once_with_their_places(deployed: Program) -> None:
    stage = Stage(deployed.sandbox, deployed.folder)
    stack.rename_topic(stage, TWO)
    stack.detect(stage)
    deployed.sandbox.clock.sleep(stack.HOUR)

    ran = deployed(
        "drift", manifest(deployed, drift={"ignore": [ACCEPTED | {"until": "2199-01-01"}]})
    )

    assert ran.code == 3
    lines = ran.out.splitlines()
    assert "looked for drift 1h" in lines[1]
    assert lines[1].endswith("ago: 2 of 14 stack instances drifted")
    assert "  real: Group/RetentionInDays (AWS::Logs::LogGroup), 1 stack instance" in lines
    assert f"    e.g. {TWO}: 30 is expected, and it is 7" in lines
    assert f"    in eu-west-1: d1 {DEV[0]}" in lines
    assert (
        "  ignored: Topic/DisplayName (AWS::SNS::Topic), 2 stack instances: ok (until 2199-01-01)"
        in lines
    )
    assert f"    in eu-west-1: d1 {DEV[0]}; us-east-1: p1 {PROD[0]}" in lines
    assert "  not checkable by drift detection: 2 AWS::SSM::Document" in lines
    assert lines[-1] == "1 real finding in 1 stack instance; 2 ignored."


def test_accepted_drift_does_not_fail_a_pipeline_and_is_current_in_the_ledger(
    deployed: Program,
) -> None:
    stack.detect(Stage(deployed.sandbox, deployed.folder))
    whole = {"stack_set": "topics", "resource": "Group", "reason": "ok"}
    everything = manifest(deployed, drift={"ignore": [ACCEPTED, whole]})

    ran = deployed("drift", everything)
    ledger = deployed("coverage", everything, "--fail-on", "drifted", "--format", "json")
    half = deployed(
        "coverage", manifest(deployed, drift={"ignore": [ACCEPTED]}), "--format", "json"
    )

    assert ran.code == 0
    assert ledger.code == 0
    assert ledger.json["summary"]["current"] == 14
    one = next(
        row
        for row in ledger.json["instances"]
        if (row["account"], row["region"]) == (ONE.account, ONE.region)
    )
    assert one["reason"] == "drift is accepted: Topic/DisplayName"
    assert (half.json["summary"]["drifted"], half.json["summary"]["current"]) == (1, 13)


def test_a_narrowed_drift_reads_and_reports_nothing_else(deployed: Program) -> None:
    stack.detect(Stage(deployed.sandbox, deployed.folder))
    deployed.sandbox.calls.clear()

    ran = deployed("drift", manifest(deployed), "--account", "d1", "--format", "csv")

    rows = list(csv.reader(io.StringIO(ran.out)))
    assert rows[0] == KEYS
    assert [(row[1], row[5]) for row in rows[1:]] == [(DEV[0], "Group")]
    asked = [c.operation for c in deployed.sandbox.calls]
    assert asked.count("ListStackInstanceResourceDrifts") == 1
    assert not any(c.is_write for c in deployed.sandbox.calls)


@pytest.mark.slow
def test_the_history_shows_first_and_last_seen_and_that_a_finding_is_gone(
    deployed: Program,
) -> None:
    stage = Stage(deployed.sandbox, deployed.folder)
    path = manifest(deployed)
    deployed("drift", path, "--detect")
    stack.rename_topic(stage, ONE, "as deployed")
    deployed("drift", path, "--detect")

    told = deployed("drift", path, "--history", "--format", "json")
    text = deployed("drift", path, "--history", "--account", "d1")
    sheet = deployed("drift", path, "--history", "--format", "csv")
    pruned = deployed("journal", "prune", "--keep", 9)

    assert told.code == 0
    group, topic = told.json["findings"]
    assert (group["what"], group["state"], group["gone"]) == ("Group", "open", None)
    assert group["first_seen"] < group["last_seen"]
    assert (topic["what"], topic["state"], topic["came_back"]) == ("Topic", "gone", 0)
    assert text.out.splitlines()[-1] == "1 finding: 1 there, 0 over, 0 came back."
    assert len(list(csv.reader(io.StringIO(sheet.out)))) == 3
    assert "1 finding of drift that is gone" in pruned.out
    assert (
        deployed("drift", path, "--history").out.splitlines()[-1].startswith("1 finding: 1 there")
    )


def test_drift_does_not_keep_a_stack_set_of_others_busy(deployed: Program) -> None:
    path = manifest(
        deployed,
        name="other",
        stack_sets={"topics": {"template": "drifting.yaml", "stack_set_name": "base-topics"}},
    )

    ran = deployed("drift", path, "--detect", "--format", "json")

    assert "not of this manifest" in ran.json["stack_sets"][0]["detected"]
    assert DRIFT not in {o.action for o in deployed.operations()}


@pytest.mark.slow
def test_drift_during_a_rollout_says_so_and_shows_the_known_findings(deployed: Program) -> None:
    stack.detect(Stage(deployed.sandbox, deployed.folder))
    wanted = yaml.safe_load(manifest(deployed).read_text())
    stage = Stage(deployed.sandbox, deployed.folder)
    rollout = stage.begin({**wanted, "stack_sets": {"topics": {"template": "topic.yaml"}}})
    source = stage.folder / "journal.sqlite"
    assert source.exists()

    ran = deployed.alone(
        "drift",
        manifest(deployed),
        "--detect",
        "--sandbox",
        deployed.server.endpoint,
        "--journal",
        source,
    )

    assert ran.code == 3
    assert f"not looked at now, since {rollout} is running on it" in ran.out
    assert "2 of 14 stack instances drifted" in ran.out


def test_places_that_could_not_be_read_are_not_reported_as_clean(deployed: Program) -> None:
    """A gate that lets it pass would let everything pass that keeps others from looking."""
    deployed.sandbox.stuck(*TWO, "base-topics", action="DETECT_DRIFT")
    deployed.sandbox.session().client("cloudformation").detect_stack_set_drift(
        StackSetName="base-topics"
    )

    ran = deployed("drift", manifest(deployed), "--detect", "--timeout", "2m")

    assert ran.code == 3
    assert "since an operation of others goes on" in ran.out
    assert "no drift detection has run" in ran.out
    assert "`--detect` runs one" not in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--history", "--detect"), "leave one out"),
        (("--detect", "--timeout", "soon"), "`soon` is no duration"),
        (("--stack-set", "topcs"), "Did you mean `topics`?"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_usage(
    patient: Program, options: tuple[str, ...], said: str
) -> None:
    ran = patient("drift", manifest(patient), *options)

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.slow
def test_every_key_of_the_json_output_is_documented(deployed: Program) -> None:
    path = manifest(deployed)
    found = deployed("drift", path, "--detect", "--format", "json").json
    (look,) = found["stack_sets"]
    past = deployed("drift", path, "--history", "--format", "json").json

    keys = {*found, *found["summary"], *look, *look["detection"], *found["findings"][0]}
    for key in {*keys, *past, *past["findings"][0]} - {"format_version"}:
        assert f"`{key}`" in PAGE, key


@pytest.mark.slow
def test_an_interrupted_detection_goes_on_in_aws_and_the_next_run_attaches(
    program: Program,
) -> None:
    path = manifest(program)
    program("apply", path, "--yes")
    program.sandbox.stuck(DEV[0], US)
    where = ("--sandbox", program.server.endpoint, "--journal", str(program.folder / "journal"))
    command = [*PROGRAM, "drift", str(path), "--detect", *where]
    with begun(command, stderr=subprocess.PIPE) as looking:
        assert looking.stderr is not None
        told = ""
        while "Ctrl-C leaves it running" not in told:
            told += looking.stderr.readline()
        looking.send_signal(signal.SIGINT)
        told += looking.communicate(timeout=60)[1]

    program.sandbox.calls.clear()
    releasing = threading.Thread(target=_release_once_attached, args=(program,))
    releasing.start()
    ran = program("drift", path, "--detect", "--format", "json")
    releasing.join()

    assert looking.returncode == 130
    assert f"orgrollout drift {path} --detect --sandbox {program.server.endpoint}" in told
    assert "Traceback" not in told
    assert ran.code == 0
    detections = [o for o in program.operations() if o.action == DRIFT]
    assert [o.id for o in detections] == [ran.json["stack_sets"][0]["detection"]["operation"]]


def _release_once_attached(program: Program) -> None:
    """Let the detection end as soon as it was looked at twice."""
    deadline = time.monotonic() + 60
    while [c.operation for c in program.sandbox.calls].count("DescribeStackSetOperation") < 2:
        assert time.monotonic() < deadline, "no one looks"
        time.sleep(0.02)
    program.sandbox.release(DEV[0], US, "base-topics")


def test_who_changed_it_is_asked_for_shown_and_kept(deployed: Program) -> None:
    """Once it is known, it is shown without asking, and in the history."""
    stack.detect(Stage(deployed.sandbox, deployed.folder))
    deployed.sandbox.clock.sleep(stack.HOUR)
    path = manifest(deployed, drift={"probe_role": "OrganizationAccountAccessRole"})
    before = deployed("drift", path)
    ran = deployed("drift", path, "--who", "--format", "json")
    deployed.sandbox.calls.clear()
    again = deployed("drift", path)
    sheet = list(csv.DictReader(io.StringIO(deployed("drift", path, "--format", "csv").out)))
    past = deployed("drift", path, "--history", "--format", "json").json["findings"]

    told = {each["what"]: each["changed_by"] for each in ran.json["findings"]}
    topic, group = told["Topic"], told["Group"]
    assert "changed by" not in before.out
    assert "asking the CloudTrail of 2 accounts and Regions who changed 2 findings" in ran.err
    assert (topic["answer"], topic["origin"], topic["event"]) == (
        *("found", "hand", "SetTopicAttributes"),
    )
    assert (topic["actor"]["kind"], topic["actor"]["session"]) == ("role", "sandbox")
    assert (group["event"], group["sure"], group["searched_all"]) == (
        *("PutRetentionPolicy", True, True),
    )
    line = (
        "    changed by: role OrganizationAccountAccessRole, session sandbox, SetTopicAttributes, "
    )
    assert line in again.out
    assert {row["what"] for row in sheet if line.strip() in row["changed_by"]} == {"Topic"}
    assert {each["what"]: each["changed_by"] for each in past} == told
    assert not any(call.operation == "LookupEvents" for call in deployed.sandbox.calls)


def test_who_does_not_go_with_history(program: Program) -> None:
    ran = program("drift", manifest(program), "--history", "--who")

    assert ran.code == 2
    assert "--history shows the past, and --who looks again: leave one out." in ran.err
