"""Ten kinds of changes by hand in 40 accounts and 4 Regions, and a re-sync through its own role."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.sandbox import Sandbox
from tests.resyncing import (
    NAME,
    TEMPLATE,
    changed_stacks,
    deploy,
    detect,
    manifest,
    repair,
    seek,
)
from tests.stage import Stage

pytestmark = pytest.mark.slow

REGIONS = tuple(map(Region, ("us-east-1", "eu-west-1", "eu-central-1", "ap-northeast-1")))
ACCOUNTS = tuple(AccountId(f"1000000000{n:02}") for n in range(1, 41))
PLACES = [Pair(account, region) for account, region in product(ACCOUNTS, REGIONS)]
ORGANIZATION = {
    "organization": "o-a1b2c3d4e5",
    "management_account": {"id": "999999999999", "name": "management"},
    "home_region": "us-east-1",
    "regions": list(REGIONS),
    "root": {
        "organizational_units": {
            f"Unit{unit}": {
                "accounts": [
                    {"name": f"a{account}", "id": account} for account in ACCOUNTS[unit::4]
                ]
            }
            for unit in range(4)
        }
    },
}
KINDS = (
    "property changed",
    "resource deleted",
    "tag removed",
    "policy widened",
    "recorder stopped",
    "rule deleted",
    "ignored",
    "unsupported type",
    "false drift",
    "changed again",
)
# Three stack instances of each kind, all over the organization, one of each account.
CHANGED = {
    kind: [PLACES[(17 * n + 5) % 160] for n in (i, i + 10, i + 20)] for i, kind in enumerate(KINDS)
}
REVERTED = ("property changed", "resource deleted", "tag removed", "policy widened", "rule deleted")
CALLED = ("recorder stopped",)


def wanted() -> dict[str, Any]:
    whole = manifest(targets="all", regions=list(REGIONS))
    whole["stack_sets"] = {
        "resync-role": {
            "template": "builtin:resync-role",
            "regions": ["us-east-1"],
            "parameters": {"CallerRole": "Rollout", "ExternalId": "base-7"},
        },
        **whole["stack_sets"],
    }
    whole["drift"] |= {"resync_role": "orgrollout-resync", "external_id": "base-7"}
    whole["rollout"] = {"max_failed_accounts": "50%"}
    return whole


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Sandbox.start(ORGANIZATION) as sandbox:
        made = Stage(sandbox, tmp_path)
        template = TEMPLATE.replace(
            "{check: config-recorder}\n",
            "{check: config-recorder}\n      - {check: ssm-document, resource: Runbook}\n",
        )
        deploy(made, wanted(), template)
        people_change_things(made)
        yield made


def people_change_things(stage: Stage) -> None:
    made = stage.sandbox
    topic = (NAME, "Topic", "/DisplayName", "theirs")
    changes: dict[str, Callable[[Pair], None]] = {
        "property changed": lambda place: made.tamper(*place, *topic),
        "resource deleted": lambda place: made.delete_resource(*place, NAME, "Queue"),
        "tag removed": lambda place: made.remove_tag(*place, NAME, "Topic", "owner"),
        "policy widened": lambda place: made.widen_policy(*place, NAME, "TopicPolicy"),
        "recorder stopped": lambda place: made.stop_recorder(*place),
        "rule deleted": lambda place: made.delete_rule(*place, "flow-logs"),
        "ignored": lambda place: made.tamper(*place, NAME, "Queue", "/DelaySeconds", 30),
        "unsupported type": lambda place: rewrite_document(made, place),
        "false drift": lambda place: made.hide(*place, "AWS::SNS::Topic", "DisplayName"),
        "changed again": lambda place: made.tamper(*place, *topic, again=timedelta(seconds=1)),
    }
    for kind, places in CHANGED.items():
        for place in places:
            changes[kind](place)


def rewrite_document(sandbox: Sandbox, place: Pair) -> None:
    client = sandbox.session(*place).client("ssm")
    content = {"schemaVersion": "0.3", "description": "theirs", "mainSteps": []}
    client.update_document(Name="runbook", DocumentVersion="$LATEST", Content=json.dumps(content))
    client.update_document_default_version(Name="runbook", DocumentVersion="2")


def kind_of(finding: Finding) -> str:
    (found,) = [kind for kind, places in CHANGED.items() if finding.pair in places]
    return found


def test_every_finding_is_classed_and_exactly_the_real_ones_are_repaired(stage: Stage) -> None:
    detect(stage)
    before = len(stage.sandbox.calls)
    sought = seek(stage, wanted())

    found = {(kind_of(f), f.kind, f.verdict) for f in sought.findings.findings}
    resource, posture = FindingKind.RESOURCE, FindingKind.POSTURE
    assert found == {
        ("property changed", resource, Verdict.REAL),
        ("resource deleted", resource, Verdict.DELETED),
        ("tag removed", resource, Verdict.REAL),
        ("policy widened", resource, Verdict.REAL),
        ("recorder stopped", posture, Verdict.REAL),
        ("rule deleted", resource, Verdict.DELETED),
        ("ignored", resource, Verdict.IGNORED),
        ("unsupported type", posture, Verdict.REAL),
        ("false drift", resource, Verdict.SUSPECT),
        ("changed again", resource, Verdict.REAL),
    }
    assert all(sum(kind_of(f) == kind for f in sought.findings.findings) == 3 for kind in KINDS)
    assert {kind_of(left.finding) for left in sought.resync.left} == {"unsupported type"}
    assert changed_stacks(stage, before) == Counter(), "looking changes nothing"

    done = repair(stage, sought)

    fought = {(f.pair, f.kind) for f in done.state.failed}
    assert fought == {(place, FailureClass.CAME_BACK) for place in CHANGED["changed again"]}
    reverted = [place for kind in (*REVERTED, "changed again") for place in CHANGED[kind]]
    called = [place for kind in CALLED for place in CHANGED[kind]]
    assert changed_stacks(stage, before) == {
        **{(c, p): 1 for c in ("CreateChangeSet", "ExecuteChangeSet") for p in reverted},
        **{("StartConfigurationRecorder", place): 1 for place in called},
    }
    assert {call.role for call in stage.sandbox.calls[before:] if call.role} == {
        "Rollout",
        "orgrollout-resync",
    }
    _only_expected_findings_remain(stage)


def _only_expected_findings_remain(stage: Stage) -> None:
    detect(stage)

    found = {(kind_of(f), f.verdict) for f in seek(stage, wanted()).findings.findings}

    assert found == {
        ("ignored", Verdict.IGNORED),
        ("unsupported type", Verdict.REAL),
        ("false drift", Verdict.SUSPECT),
        ("changed again", Verdict.REAL),
    }


def test_three_of_each_kind_are_in_different_places() -> None:
    places = [place for each in CHANGED.values() for place in each]

    assert len(set(places)) == len(places) == 3 * len(KINDS)
    assert {place.region for place in places} == set(REGIONS)
