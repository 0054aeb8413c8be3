"""The class of each difference, which decides whether it is repaired or left."""

from datetime import UTC, date, datetime, timedelta

import pytest

from orgrollout.drift.classify import IS_FALSE, SETTLED, Viewpoint, not_checkable, second_look
from orgrollout.drift.finding import Verdict
from orgrollout.drift.ignoring import rule_warnings
from orgrollout.manifest.waivers import holds
from orgrollout.model.drift import DifferenceType, ResourceDrift, ResourceDriftStatus
from orgrollout.organization.acceptances import acceptance_of
from tests.drift.support import (
    HERE,
    KEY,
    NOON,
    differs,
    found,
    gone,
    ignore,
    modified,
    resource,
    rule,
)

DELETED = resource(ResourceDriftStatus.DELETED)
VIEWS = {KEY: Viewpoint(stack_set=KEY)}


def test_each_property_that_differs_is_a_finding_of_its_own() -> None:
    one, two = found(modified(differs("/RetentionInDays"), differs("/Tags/0/Value", "a", "b")))

    assert (one.verdict, one.path, one.expected, one.actual) == (
        Verdict.REAL,
        "/RetentionInDays",
        "30",
        "7",
    )
    assert (two.path, two.physical_id, two.looked) == ("/Tags/0/Value", "id-of-Group", NOON)
    assert one.key != two.key


def test_resources_in_sync_or_not_checked_are_no_findings() -> None:
    drifts = [
        resource(status, name=status.value)
        for status in ResourceDriftStatus
        if status not in {ResourceDriftStatus.MODIFIED, ResourceDriftStatus.DELETED}
    ]

    assert found(*drifts, *drifts) == []
    assert not_checkable([*drifts, *drifts]) == {
        "AWS::Logs::NOT_CHECKED": 2,
        "AWS::Logs::UNKNOWN": 2,
        "AWS::Logs::UNSUPPORTED": 2,
    }


def test_a_changed_resource_without_a_named_property_is_a_real_finding() -> None:
    (only,) = found(modified())

    assert only.verdict is Verdict.REAL
    assert "names no property" in only.reason


@pytest.mark.parametrize(
    ("drift", "verdict"),
    [
        (DELETED, Verdict.DELETED),
        (modified(gone("/KmsKeyId")), Verdict.SUSPECT),
        # Only a property as a whole: a caller without permission does not see a part of it, either.
        (modified(gone("/Tags/0")), Verdict.REAL),
        (modified(differs("/KmsKeyId", "key", "null")), Verdict.REAL),
        (modified(differs("/KmsKeyId", "k", "other", DifferenceType.REMOVE)), Verdict.REAL),
        (modified(differs("/Tags/3", "null", "x", DifferenceType.ADD)), Verdict.REAL),
    ],
)
def test_only_a_property_missing_as_a_whole_is_a_suspect(
    drift: ResourceDrift, verdict: Verdict
) -> None:
    assert [f.verdict for f in found(drift)] == [verdict]


@pytest.mark.parametrize(
    ("path", "property_", "is_ignored"),
    [
        ("/RecordingGroup", "/RecordingGroup", True),
        ("/RecordingGroup/AllSupported", "/RecordingGroup", True),
        ("/RecordingGroupX", "/RecordingGroup", False),
        ("/RecordingGroup", "/RecordingGroup/AllSupported", False),
        ("/Tags/10/Value", "/Tags/1", False),
        ("/Anything", None, True),
    ],
)
def test_a_rule_covers_its_property_and_everything_below_it_only(
    path: str, property_: str | None, is_ignored: bool
) -> None:
    (only,) = found(modified(differs(path)), rules=(rule(property=property_),))

    assert (only.verdict is Verdict.IGNORED) is is_ignored
    assert only.reason == ("SEC-7" if is_ignored else "")


def test_a_deleted_resource_is_accepted_only_as_a_whole() -> None:
    assert found(DELETED, rules=(rule(property="/X"),))[0].verdict is Verdict.DELETED
    assert found(DELETED, rules=(rule("Other"),))[0].verdict is Verdict.DELETED
    assert found(DELETED, rules=(rule(),))[0].verdict is Verdict.IGNORED


def test_a_rule_expires_after_its_last_day() -> None:
    accepted = ignore(until=date(2026, 11, 2))
    midnight = datetime(2026, 11, 3, tzinfo=UTC)

    assert holds(accepted, midnight - timedelta(seconds=1))
    assert not holds(accepted, midnight)
    only = found(DELETED, rules=(acceptance_of(accepted),))[0]
    assert only.reason == "SEC-7 (until 2026-11-02)"


def test_unused_rules_are_named_after_a_full_detection() -> None:
    """A rule that is forgotten hides the next change of that property."""
    rules = [rule("Used", place="a"), rule("Unused", property="/X", place="b")]
    findings = found(modified(differs("/Y"), name="Used"), rules=tuple(rules))

    (unused,) = rule_warnings(rules, findings, [KEY])
    assert "config Unused/X matches nothing" in unused
    assert not list(rule_warnings(rules, findings, []))


def test_a_suspect_is_real_only_after_a_second_look_confirms_it() -> None:
    suspects = found(
        modified(gone("/A"), name="Again"),
        modified(gone("/A"), name="Fine"),
        modified(gone("/A"), name="Deleted"),
        modified(gone("/A"), name="Unread"),
        modified(gone("/A"), name="Unseen"),
    )
    again = [
        modified(gone("/A"), name="Again"),
        resource(ResourceDriftStatus.IN_SYNC, "Fine"),
        resource(ResourceDriftStatus.DELETED, "Deleted"),
        resource(ResourceDriftStatus.NOT_CHECKED, "Unread"),
    ]

    seen = {f.what: f for f in second_look(suspects, {(KEY, HERE): again}, VIEWS)}

    assert {name for name, f in seen.items() if f.verdict is Verdict.REAL} == {"Again", "Deleted"}
    assert {name for name, f in seen.items() if f.reason == IS_FALSE} == {"Fine"}
    assert {f.verdict for f in seen.values()} == {Verdict.REAL, Verdict.SUSPECT}


def test_a_finding_of_the_second_look_below_a_suspect_follows_the_same_rules() -> None:
    """A role that may not read the tags sees none; one that may sees which of them differs."""
    suspects = found(modified(gone("/Tags")))
    again = modified(differs("/Tags/owner"), differs("/Tags/cost"), gone("/Other"))
    accepted = {KEY: Viewpoint(stack_set=KEY, rules=(rule(property="/Tags/cost"),))}

    seen = list(second_look(suspects, {(KEY, HERE): [again]}, accepted))

    assert [(f.path, f.verdict, f.looked) for f in seen] == [
        ("/Tags", Verdict.SUSPECT, NOON),
        ("/Tags/owner", Verdict.REAL, NOON),
        ("/Tags/cost", Verdict.IGNORED, NOON),
    ]
    assert seen[0].reason in SETTLED


def test_a_suspect_stays_a_suspect_if_the_second_look_names_no_property() -> None:
    suspects = found(modified(gone("/Tags")))

    assert list(second_look(suspects, {(KEY, HERE): [modified()]}, VIEWS)) == suspects
