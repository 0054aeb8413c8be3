"""Who changed what: every kind of actor, and what CloudTrail does not tell."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drift.finding import Finding, Verdict
from orgrollout.drift.history import repaired
from orgrollout.drift.who.actor import ActorKind
from orgrollout.drift.who.answer import LAG, ChangedBy, Known, Origin
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Digest, Pair, StackSetName
from orgrollout.reconcile.documents.findings import (
    change_history,
    history,
    remember_changes,
    remember_findings,
)
from orgrollout.reconcile.drift.read_findings import gather_findings
from orgrollout.reconcile.drift.who_changed import WhoChanged
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.report.drift.changed_by import changed_by_words
from orgrollout.sandbox import Sandbox, Settings
from tests.drift import stack
from tests.paths import DOCS
from tests.resyncing import ROLE
from tests.stage import DEV, EU, PROD, US, Stage, organization

NAME = StackSetName("base-topics")
HOUR = timedelta(hours=1)
PAIRS = [Pair(account, region) for account in (*PROD, *DEV) for region in (US, EU)]
FEW = {"targets": {"accounts": list(PROD[:3])}, "regions": [US]}
ONE, TWO, THREE = (Pair(account, US) for account in PROD[:3])
DAY = timedelta(days=1)
DRIFT = {"probe_role": ROLE}
SSO = "sso/Administrator/alice@example.com"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Three stacks, deployed a day ago."""
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(stack.manifest(made, drift=DRIFT, **FEW))
        sandbox.clock.sleep(DAY)
        yield made


def rename(stage: Stage, pair: Pair, by: str, value: str = "by hand") -> None:
    stage.sandbox.tamper(*pair, NAME, "Topic", "/DisplayName", value, by=by)


def ask(
    stage: Stage, *, drift: Mapping[str, Any] = DRIFT, few: bool = True
) -> dict[tuple[Pair, str], ChangedBy]:
    """Return who changed what the last detection found, as a new process learns and keeps it."""
    context = stage.context()
    wanted = stack.manifest(stage, drift=drift, **(FEW if few else {}))
    loaded = load_manifest(stage._write(wanted))
    picture = look(loaded, context, lambda _: None, drift=True)
    found = gather_findings(loaded, picture, context, lambda _: None)
    remember_findings(context.journal, context.clock.now(), found)
    records = history(context.journal, found.stack_sets[0].name)
    told = WhoChanged(loaded, picture, context, lambda _: None).ask(found.findings, records)
    remember_changes(context.journal, found, told)
    kept = history(context.journal, found.stack_sets[0].name)
    by_key: dict[Digest, Finding] = {f.key: f for f in found.findings}
    return {
        (finding.pair, finding.what): answer
        for key, finding in by_key.items()
        if (answer := kept[key].changed_by) is not None
    }


def looked_up(stage: Stage) -> int:
    return sum(1 for call in stage.sandbox.calls if call.operation == "LookupEvents")


def detect(stage: Stage) -> None:
    stage.sandbox.clock.sleep(timedelta(minutes=1))
    stack.detect(stage)
    stage.sandbox.clock.sleep(timedelta(hours=1))


ACTORS = {
    "role/Admin/bob": "role Admin, session bob, SetTopicAttributes",
    SSO: "SSO user alice@example.com (Administrator), SetTopicAttributes",
    "user/carol": "IAM user carol, SetTopicAttributes",
    "root": "the root user of {account}, SetTopicAttributes",
    "federated/dave": "federated user dave, SetTopicAttributes",
    "service/config.amazonaws.com": "AWS service config.amazonaws.com, SetTopicAttributes",
    "account/123456789012": "another account, 123456789012, SetTopicAttributes",
    "stack/alarms": "the stack alarms (CloudFormation, as role Deployer, session "
    "AWSCloudFormation-alarms), SetTopicAttributes",
    f"role/{ROLE}/orgrollout": f"orgrollout itself (role {ROLE}, session orgrollout), "
    "SetTopicAttributes",
    f"role/{ROLE}/erin": f"role {ROLE}, session erin, SetTopicAttributes",
}


def test_every_kind_of_actor_is_named(tmp_path: Path) -> None:
    """A person in the console, a pipeline, a service, another stack and a re-sync differ."""
    with Sandbox.start(organization()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        stage.apply(stack.manifest(stage, drift=DRIFT))
        _name_them(stage)


def _name_them(stage: Stage) -> None:
    for pair, by in zip(PAIRS, ACTORS, strict=False):
        rename(stage, pair, by)
    detect(stage)

    answers = ask(stage, few=False)

    for pair, (by, words) in zip(PAIRS, ACTORS.items(), strict=False):
        answer = answers[pair, "Topic"]
        assert answer.known is Known.FOUND, by
        expected = f"changed by: {words.format(account=pair.account)}, 20"
        assert changed_by_words(answer).startswith(expected), by
        assert answer.is_sure
    assert len(answers) == len(ACTORS)


@pytest.mark.slow
def test_changes_through_the_api_of_a_service_are_named(stage: Stage) -> None:
    """No fault is needed: each request that changes something is an event."""
    users = {ONE: {"user": "carol"}, TWO: {"role": "Ops", "name": "bob"}}
    for pair, user in users.items():
        client = stage.sandbox.session(pair.account, pair.region, **user).client("logs")
        client.put_retention_policy(logGroupName="/drift", retentionInDays=7)
    gone = stage.sandbox.session(*THREE, user="root").client("logs")
    gone.delete_log_group(logGroupName="/drift")
    detect(stage)

    answers = {pair: answer for (pair, what), answer in ask(stage).items() if what == "Group"}

    changes = {pair: answer.change for pair, answer in answers.items() if answer.change}
    assert {pair: (each.actor.kind, each.event) for pair, each in changes.items()} == {
        ONE: (ActorKind.IAM_USER, "PutRetentionPolicy"),
        TWO: (ActorKind.ROLE, "PutRetentionPolicy"),
        THREE: (ActorKind.ROOT, "DeleteLogGroup"),
    }
    assert all(answer.is_sure for answer in answers.values())
    shown = changed_by_words(answers[ONE]).partition(", 20")[0]
    assert f"    {shown}, 20" in (DOCS / "drift.md").read_text()


@pytest.mark.slow
def test_the_newest_change_of_the_property_is_named_and_no_other(stage: Stage) -> None:
    """A later change of a tag, a failed request, and one after the look accuse the wrong person."""
    rename(stage, ONE, "user/first", "a")
    stage.sandbox.clock.sleep(DAY)
    rename(stage, ONE, "user/second", "b")
    stage.sandbox.clock.sleep(DAY)
    sns = stage.sandbox.session(*ONE, user="tagger").client("sns")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "x"}])
    wrong = stage.sandbox.session(*ONE, user="failed").client("sns")
    with pytest.raises(wrong.exceptions.ClientError):
        wrong.set_topic_attributes(
            TopicArn=f"{topic}-none", AttributeName="DisplayName", AttributeValue="c"
        )
    detect(stage)
    rename(stage, ONE, "user/later", "d")

    answer = ask(stage)[ONE, "Topic"]

    assert answer.change is not None
    assert answer.change.actor.name == "second"
    assert not answer.is_sure  # the first one's event was read, too, with the same page
    assert answer.change.time.date() == (stage.sandbox.clock.now() - DAY).date()


@pytest.mark.slow
def test_a_change_of_the_resource_that_names_no_property_is_not_sure(stage: Stage) -> None:
    stage.sandbox.lose_events(event="SetTopicAttributes")
    rename(stage, ONE, "user/lost")
    sns = stage.sandbox.session(*ONE, user="tagger").client("sns")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "x"}])
    detect(stage)

    answer = ask(stage)[ONE, "Topic"]

    assert not answer.is_sure
    assert "perhaps: the request does not name what differs" in changed_by_words(answer)


def test_lost_late_and_doubled_events(stage: Stage) -> None:
    """A lost event is said not to be found, a late one is asked for again, a doubled one is one."""
    lost, late, doubled = ONE, TWO, THREE
    stage.sandbox.lose_events(lost.account)
    stage.sandbox.late_events(late.account)
    stage.sandbox.double_events(doubled.account)
    for pair in (lost, late, doubled):
        rename(stage, pair, SSO)
    stack.detect(stage)

    early = ask(stage)
    stage.sandbox.clock.sleep(LAG * 2)
    stage.sandbox.calls.clear()
    after = ask(stage)

    for answers in (early, after):
        change = answers[lost, "Topic"].change
        assert change is not None
        assert change.origin is Origin.OURS  # the deployment: nothing newer is there
        assert "no change by others found from 20" in changed_by_words(answers[lost, "Topic"])
        twice = answers[doubled, "Topic"]
        assert (twice.known, twice.others) == (Known.FOUND, 0)
    assert "events may still come: ask again after" in changed_by_words(early[late, "Topic"])
    found = after[late, "Topic"].change
    assert found is not None
    assert found.actor.session == "alice@example.com"
    assert looked_up(stage) > 0


@pytest.mark.slow
def test_what_is_known_is_not_asked_for_again(stage: Stage) -> None:
    rename(stage, ONE, SSO)
    detect(stage)
    stage.sandbox.calls.clear()
    first = ask(stage)
    assert looked_up(stage) == 1  # found by the name of the topic
    stage.sandbox.calls.clear()

    again = ask(stage)

    assert again == first
    assert looked_up(stage) == 0


@pytest.mark.slow
def test_without_any_event_it_is_not_found_with_the_time_that_was_searched(stage: Stage) -> None:
    rename(stage, ONE, SSO)
    detect(stage)
    stage.sandbox.clock.sleep(80 * DAY)  # the deployment is forgotten, and so is the change
    rename(stage, TWO, "user/bob")
    stage.sandbox.clock.sleep(11 * DAY)
    detect(stage)

    answers = ask(stage)

    old = answers[ONE, "Topic"]
    assert old.known is Known.NOT_FOUND
    assert old.since is not None
    assert changed_by_words(old).startswith(
        f"changed by: not found in CloudTrail from {old.since:%Y-%m-%d %H:%M:%SZ} to 20"
    )
    assert answers[TWO, "Topic"].known is Known.FOUND


@pytest.mark.slow
def test_a_large_log_is_read_up_to_a_bound_and_says_so(stage: Stage) -> None:
    """10,000 events of one service: 20 pages of 50, and the rest is not said to be searched."""
    stage.sandbox.lose_events(ONE.account)
    rename(stage, ONE, SSO)
    stage.sandbox.take_back("fault-1")
    stage.sandbox.busy_trail(*ONE, source="sns.amazonaws.com", count=10_000)
    detect(stage)
    stage.sandbox.calls.clear()

    answer = ask(stage)[ONE, "Topic"]

    assert not answer.is_whole
    assert "not all of the 90 days" in changed_by_words(answer)
    assert looked_up(stage) < 50
    assert not any(call.error for call in stage.sandbox.calls)  # two a second, and no more


@pytest.mark.slow
def test_where_events_name_no_resource_all_of_the_service_are_read(tmp_path: Path) -> None:
    """AWS does not document for which operations the history can be searched by a name."""
    settings = Settings(event_resources=False)
    with Sandbox.start(organization(), settings=settings) as sandbox:
        stage = Stage(sandbox, tmp_path)
        stage.apply(stack.manifest(stage, drift=DRIFT, **FEW))
        rename(stage, ONE, SSO)
        detect(stage)

        answer = ask(stage)[ONE, "Topic"]

    assert answer.change is not None
    assert answer.change.actor.session == "alice@example.com"


def test_without_permission_it_is_not_known_and_the_way_out_is_named(stage: Stage) -> None:
    rename(stage, ONE, SSO)
    iam = stage.sandbox.session(ONE.account).client("iam")
    allowed = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="narrow", PolicyDocument=policy)
    detect(stage)

    words = {what: changed_by_words(answer) for (_, what), answer in ask(stage).items()}

    assert words["Topic"].startswith(
        f"changed by: not known: no permission: the role {ROLE} may not call "
        "cloudtrail:LookupEvents there. Roll out the newest `builtin:resync-role`"
    )


@pytest.mark.slow
def test_without_a_role_it_is_not_known(stage: Stage) -> None:
    rename(stage, TWO, SSO)
    detect(stage)

    answer = ask(stage, drift={})[TWO, "Topic"]

    assert answer.known is Known.NOT_KNOWN
    assert "names no `drift: {probe_role: ...}`" in changed_by_words(answer)


@pytest.mark.slow
def test_what_is_accepted_has_an_answer_too_and_what_was_not_seen_has_none(stage: Stage) -> None:
    rename(stage, ONE, SSO)
    detect(stage)
    context = stage.context()
    loaded = load_manifest(stage._write(stack.manifest(stage, drift=DRIFT, **FEW)))
    picture = look(loaded, context, lambda _: None, drift=True)
    (finding,) = gather_findings(loaded, picture, context, lambda _: None).findings
    asking = WhoChanged(loaded, picture, context, lambda _: None)

    asked = {each for each in Verdict if asking.ask([replace(finding, verdict=each)], {})}

    assert asked == set(Verdict) - {Verdict.NOT_CHECKABLE, Verdict.SUSPECT}


def test_what_came_back_is_searched_from_its_repair_on(stage: Stage) -> None:
    """The first change is not taken for the second, of which no event came."""
    rename(stage, ONE, "user/first")
    detect(stage)
    before = ask(stage)[ONE, "Topic"]
    context = stage.context()
    (key,) = history(context.journal, NAME)
    at = stage.sandbox.clock.now()
    change_history(context.journal, NAME, lambda records: repaired(records, [key], "or-1", at))
    stage.sandbox.lose_events()
    stage.sandbox.clock.sleep(HOUR)
    detect(stage)

    again = ask(stage)[ONE, "Topic"]

    assert before.change is not None
    assert before.change.actor.name == "first"
    assert (again.known, again.since) == (Known.NOT_FOUND, at)
