"""`coverage --as-of`: how it stood, by the journal alone; what that does not tell is unknown."""

from collections import Counter
from datetime import timedelta
from typing import Any

from tests.cli.support import Program, Ran
from tests.stage import DEV, EU

NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
OTHER = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "z"}}}


def states(ledger: Any) -> dict[tuple[str, str, str], str]:
    """Return the state of each pair."""
    return {
        (row["stack_set"], row["account"], row["region"]): row["state"]
        for row in ledger["instances"]
    }


def test_the_ledger_of_a_past_rollout_is_what_coverage_said_then(patient: Program) -> None:
    """An auditor asks in spring how it stood in autumn."""
    manifest = patient.folder / "manifest.yaml"
    said = {}

    def keep(name: str) -> None:
        said[name] = states(patient("coverage", manifest, "--format", "json").json)

    patient.sandbox.fail(DEV[1], EU, times=None, reason=NOT_ALLOWED)
    patient("apply", patient.manifest(), "--yes")
    keep("base-1")
    patient("apply", patient.manifest(stack_sets=OTHER), "--yes", "--account", "d1")
    keep("base-2")
    patient("apply", patient.manifest(stack_sets=OTHER), "--yes")
    keep("base-3")
    patient("rollback", "base-3", "--yes")
    keep("base-4")
    fewer = {"organizational_units": ["/Prod"]}
    patient("apply", patient.manifest(targets=fewer), "--yes", "--allow-removals", "9")
    keep("base-5")
    before = len(patient.sandbox.calls)

    for name, then in said.items():
        found = patient("coverage", manifest, "--as-of", name, "--format", "json").json
        assert states(found) == then, name
        assert (found["as_of"], found["narrowed"]) == (name, False)
        assert len(then) == 11 * 2
    asked = {call.operation for call in patient.sandbox.calls[before:]}
    assert asked <= {"GetCallerIdentity"}

    changed = patient("coverage", manifest, "--diff", "base-1", "base-3", "--format", "json").json
    kept = patient.folder / "base-5.json"
    kept.write_text(patient("coverage", manifest, "--as-of", "base-5", "--format", "json").out)
    same = patient("coverage", manifest, "--diff", kept, "base-5", "--format", "json").json

    ways = patient("coverage", manifest, "--trend", "--format", "json").json["rollouts"]
    assert [(way["rollout"], way["summary"]) for way in ways] == [
        (name, {**dict.fromkeys(way["summary"], 0), **Counter(then.values())})
        for way, (name, then) in zip(ways, said.items(), strict=True)
    ]
    text = patient("coverage", manifest, "--trend", "--stack-set", "topics").out
    assert [line.split()[0] for line in text.splitlines()[-7:-1]] == ["rollout", *said]
    assert patient("coverage", manifest, "--trend", "--fail-on", "failed").code == 2

    patient.sandbox.add_account("newcomer")
    patient.sandbox.clock.sleep(timedelta(minutes=1))
    kept.write_text(patient("coverage", manifest, "--format", "json").out)
    joined = patient("coverage", manifest, "--diff", "base-5", kept, "--format", "json").json
    assert joined["summary"] == {"changed": 0, "same": 22, "known_in_one": 2, "unknown_in_both": 0}

    # d2 failed in one Region each time, and everything else was current after both.
    assert changed["summary"] == {"changed": 0, "same": 22, "known_in_one": 0, "unknown_in_both": 0}
    assert same["summary"]["same"] == 22


def test_a_rollout_that_waits_is_shown_as_it_waits(patient: Program) -> None:
    waves = [{"name": "canary", "accounts": [DEV[0]], "after": {"approval": "required"}}]
    manifest = patient.manifest(rollout={"waves": waves})
    patient("apply", manifest, "--yes")
    live = patient("coverage", manifest, "--format", "json").json

    found = patient("coverage", manifest, "--as-of", "base-1", "--format", "json").json

    assert found["summary"]["pending"] == 12
    assert states(found) == states(live)


def test_a_rollout_that_was_stopped_leaves_what_it_did_not_reach(patient: Program) -> None:
    waves = [{"name": "canary", "accounts": [DEV[0]], "after": {"approval": "required"}}]
    manifest = patient.manifest(rollout={"waves": waves})
    patient("apply", manifest, "--yes")
    patient("stop")

    found = patient("coverage", manifest, "--as-of", "base-1", "--format", "json").json

    missing = [row for row in found["instances"] if row["state"] == "missing"]
    assert len(missing) == 12
    assert {row["reason"] for row in missing} == {
        "not deployed; not started: the rollout was stopped"
    }


def test_of_a_moment_in_a_rollout_only_what_it_does_not_touch_is_known(patient: Program) -> None:
    manifest = patient.manifest(targets={"organizational_units": ["/Prod"]})
    patient("apply", manifest, "--yes")
    end = patient.sandbox.clock.now()
    patient.sandbox.clock.sleep(timedelta(hours=1))
    patient("apply", patient.manifest(), "--yes")

    def of(hours: int, *more: str) -> Ran:
        then = end + timedelta(hours=hours, minutes=1)
        return patient("coverage", manifest, "--as-of", then.isoformat(), *more)

    during = of(1)
    after = of(0, "--format", "json").json

    assert "base-2 was under way, and the journal has its end alone" in during.out
    assert after["summary"]["unknown"] == 0
    assert after["summary"]["current"] == 10


def test_a_moment_of_which_nothing_is_known_is_refused(patient: Program) -> None:
    manifest = patient.manifest()
    nothing = patient("coverage", manifest, "--as-of", "2020-01-01")
    patient("apply", manifest, "--yes")

    assert (nothing.code, nothing.out) == (1, "")
    assert "this journal has no rollout of base" in nothing.err
    for as_of, code, said in (
        ("base-11", 2, "Did you mean `base-1`?"),
        ("2020-01-01", 1, "no rollout of base had begun by 2020-01-02"),
        ("2020-13-01", 2, "there is no such day or moment"),
        ("2999-01-01", 2, "is still to come"),
        ("9999-12-31", 2, "there was no rollout in that year"),
        ("0001-01-01T00:00", 2, "there was no rollout in that year"),
        ("0002-01-01T00:00", 1, "no rollout of base had begun by"),
    ):
        ran = patient("coverage", manifest, "--as-of", as_of)
        assert (ran.code, ran.out) == (code, ""), as_of
        assert said in ran.err
    both = patient("coverage", manifest, "--as-of", "base-1", "--diff", "base-1", "base-1")
    assert both.code == 2
