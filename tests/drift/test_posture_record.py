"""The record of posture is compact, reads back the same, and never has more than was seen."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from orgrollout.drift.posture_record import (
    Look,
    PostureRecord,
    combined,
    posture_document,
    read_posture_record,
)
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.posture.seen import PostureSeen, PostureState, broken, ok, unknown

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
STOPPED, DENIED = ("recorder", broken("stopped")), ("rule", unknown("denied"))
REGIONS = (Region("us-east-1"), Region("eu-west-1"))


def pairs(*numbers: int) -> frozenset[Pair]:
    return frozenset(Pair(AccountId(f"{n:012}"), region) for n in numbers for region in REGIONS)


def again(record: PostureRecord) -> PostureRecord:
    return read_posture_record(json.loads(json.dumps(posture_document(record))))


def test_a_record_is_the_same_after_the_journal() -> None:
    seen = dict.fromkeys(pairs(3), (STOPPED, DENIED))
    record = PostureRecord().with_look(Look(when=MONDAY, ok=pairs(1, 2), others=seen))
    assert again(record) == record
    found = again(record).of(pairs(1, 3, 9))
    assert {pair: state.state for pair, (state, _) in found.items()} == {
        **dict.fromkeys(pairs(1), PostureState.OK),
        **dict.fromkeys(pairs(3), PostureState.BROKEN),
    }


def test_a_later_partial_look_keeps_the_age_of_the_rest() -> None:
    record = PostureRecord().with_look(Look(when=MONDAY, ok=pairs(1, 2)))
    record = record.with_look(Look(when=TUESDAY, others=dict.fromkeys(pairs(2), (DENIED,))))
    found = again(record).of(pairs(1, 2))
    assert {found[pair] for pair in pairs(1)} == {(PostureSeen(state=PostureState.OK), MONDAY)}
    assert {when for pair in pairs(2) for _, when in [found[pair]]} == {TUESDAY}
    assert not record.looks[0].pairs & record.looks[1].pairs


def test_a_check_repaired_since_is_ok_and_an_unknown_one_stays_unknown() -> None:
    one, two, three = (min(pairs(n)) for n in (1, 2, 3))
    others = {one: (STOPPED,), two: (STOPPED, DENIED), three: (STOPPED,)}
    record = again(PostureRecord().with_look(Look(when=MONDAY, others=others)))
    repaired = {
        one: {("recorder", ""): TUESDAY},
        two: {("recorder", ""): TUESDAY},
        three: {("recorder", ""): MONDAY},
    }

    found = record.of(others, repaired)

    assert found[one][0].reason == "repaired 2026-01-06 00:00, since it was looked at"
    assert {pair: (seen.state, when) for pair, (seen, when) in found.items()} == {
        one: (PostureState.OK, TUESDAY),
        two: (PostureState.UNKNOWN, MONDAY),
        three: (PostureState.BROKEN, MONDAY),  # not after the look
    }


def test_a_record_of_an_older_version_is_read_and_has_no_repairs() -> None:
    (account, region) = one = min(pairs(1))
    kept = {
        "when": MONDAY.isoformat(),
        "ok": [],
        "others": [["broken", "recorder: stopped", [[[account], [region]]]]],
    }
    record = read_posture_record({"format_version": 1, "looks": [kept]})

    found = record.of([one], {one: {("recorder", ""): TUESDAY}})

    assert found == {one: (broken("recorder: stopped"), MONDAY)}


def test_a_record_of_a_hundred_thousand_mostly_equal_pairs_is_small() -> None:
    most, some = pairs(*range(50_000)), pairs(*range(50_000, 50_500))
    others = dict.fromkeys(some, (STOPPED,))
    document = posture_document(
        PostureRecord().with_look(Look(when=MONDAY, ok=most, others=others))
    )
    assert len(json.dumps(document)) < 900_000
    assert len(document["looks"][0]["others"]) == 1


def test_counts_are_kept_until_something_is_repaired_or_looked_at_again() -> None:
    """A number that may have changed since is unknown, and never zero."""
    one, two, three, four = (min(pairs(n)) for n in (1, 2, 3, 4))
    counts = FlowLogCounts(vpcs=3, created=1, elsewhere=2)
    look = Look(
        when=MONDAY,
        ok=frozenset({one, four}),
        others={two: (STOPPED,)},
        counts={one: counts, two: counts},
    )
    record = again(PostureRecord().with_look(look))
    assert record.looks == (look,)

    known = record.of([one, two, three, four], {two: {("recorder", ""): TUESDAY}})
    assert {pair: seen.counts for pair, (seen, _) in known.items()} == {
        one: counts,
        two: None,
        four: None,
    }
    later = again(record.with_look(Look(when=TUESDAY, ok=frozenset({one}))))
    assert later.of([one])[one][0].counts is None


def test_a_record_without_counts_is_read() -> None:
    document = posture_document(PostureRecord().with_look(Look(when=MONDAY, ok=pairs(1))))
    del document["looks"][0]["counts"]
    assert {seen.counts for seen, _ in read_posture_record(document).of(pairs(1)).values()} == {
        None
    }


@pytest.mark.parametrize("damaged", [None, {}, {"format_version": 9}, {"format_version": 1}, [1]])
def test_an_unreadable_record_counts_as_no_look(damaged: object) -> None:
    assert read_posture_record(damaged) == PostureRecord()


def test_old_looks_are_dropped_and_their_pairs_are_unknown_again() -> None:
    record = PostureRecord()
    for n in range(80):
        record = record.with_look(Look(when=MONDAY + timedelta(hours=n), ok=pairs(n)))
    assert len(record.looks) == 50
    assert record.of(pairs(0)) == {}
    assert set(record.of(pairs(79))) == pairs(79)


def test_broken_outranks_unknown_and_unknown_outranks_ok() -> None:
    """One check that could not be read keeps the pair from being ok."""
    fine, bad, dark = ("a", ok()), ("b", broken("stopped")), ("c", unknown("denied"))
    assert combined([fine]).state is PostureState.OK
    assert combined([fine, dark]) == PostureSeen(state=PostureState.UNKNOWN, reason="c: denied")
    assert combined([dark, bad, fine]).reason == "b: stopped"
