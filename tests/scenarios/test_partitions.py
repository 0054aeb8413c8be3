"""Everything goes on in China, GovCloud and the isolated Regions as elsewhere, under their ARNs."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair, Region
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, ScaledClock, serve
from orgrollout.sandbox.api.addressing import Request
from orgrollout.sandbox.api.gateway import Gateway
from orgrollout.sandbox.moto.bridge import Message
from tests.cli.support import Program, write_manifest
from tests.resyncing import NAME, ROLE, TEMPLATE, deploy, detect, manifest, repair, seek
from tests.stage import BASE, PROD, Stage, organization

FOREIGN = re.compile(rb"arn:aws:[^ \"<]*")
PLACES = (
    ("cn-north-1", "cn-northwest-1", "aws-cn"),
    ("us-gov-west-1", "us-gov-east-1", "aws-us-gov"),
    ("us-iso-east-1", "us-iso-west-1", "aws-iso"),
    ("eu-isoe-west-1", "eu-isoe-west-1", "aws-iso-e"),
)
TARGETS = {"organizational_units": ["/Prod/Regulated"]}
IN_PARTITION = TEMPLATE.replace(
    '"arn:aws:iam::123456789012:role/config"',
    '!Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/config"',
)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Every answer of the sandbox, headers and body."""
    found: list[bytes] = []
    handle = Gateway.handle

    def recorded(gateway: Gateway, request: Request) -> Message:
        answer = handle(gateway, request)
        found.append(answer.body + repr(dict(answer.headers)).encode())
        return answer

    monkeypatch.setattr(Gateway, "handle", recorded)
    yield found
    assert found


def of(home: str, second: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest or an organization, moved to two Regions."""
    return {**wanted, "home_region": home, "regions": list(dict.fromkeys([home, second]))}


@pytest.fixture
def serve_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[dict[str, Any]], Program]]:
    """Serve an organization on a port, for the commands of the program."""
    with ExitStack() as stack:

        def start(wanted: dict[str, Any]) -> Program:
            server = stack.enter_context(serve(wanted, clock=ScaledClock(3000)))
            return Program(server, tmp_path, capsys)

        yield start


@pytest.mark.parametrize(
    ("home", "second", "partition"),
    [PLACES[0], *(pytest.param(*each, marks=pytest.mark.slow) for each in PLACES[1:])],
)
def test_drift_is_found_and_repaired_in_other_partitions(
    home: str, second: str, partition: str, tmp_path: Path, answers: list[bytes]
) -> None:
    """Clients ask the hosts of the partition: ``sns.us-iso-east-1.c2s.ic.gov``."""
    wanted = of(home, second, manifest(targets=TARGETS))
    one, two = Pair(PROD[3], Region(home)), Pair(PROD[4], Region(second))
    with Sandbox.start(of(home, second, organization())) as sandbox:
        stage = Stage(sandbox, tmp_path)
        assert deploy(stage, wanted, IN_PARTITION).state.outcome is Outcome.SUCCEEDED
        assert {pair.region for pair in stage.deployed(NAME)} == {home, second}
        sandbox.tamper(*one, NAME, "Topic", "/DisplayName", "theirs")
        sandbox.delete_resource(*two, NAME, "Queue")
        detect(stage)
        sought = seek(stage, wanted)
        assert {each.pair for each in sought.findings.real} == {one, two}
        done = repair(stage, sought)
        assert done.state.outcome is Outcome.SUCCEEDED, done.state.failures
        assert stage.display_name(one) == "mine-a"
        detect(stage)
        assert not seek(stage, wanted).findings.real
        (topic,) = sandbox.session(one.account, home).client("sns").list_topics()["Topics"]
        assert topic["TopicArn"].startswith(f"arn:{partition}:sns:{home}:{one.account}:")
    assert_none_is_foreign(answers)


@pytest.mark.slow
@pytest.mark.parametrize(("home", "second", "partition"), PLACES)
def test_no_response_journal_or_report_names_another_partition(
    home: str,
    second: str,
    partition: str,
    answers: list[bytes],
    serve_in: Callable[[dict[str, Any]], Program],
) -> None:
    program = serve_in(of(home, second, organization()))
    small = {**BASE, "targets": TARGETS, "drift": {"resync_role": ROLE}}
    path = write_manifest(program.folder, of(home, second, small))
    said = [program("preflight", path), program("apply", path, "--yes")]
    program.sandbox.tamper(PROD[3], home, "base-topics", "Topic", "/DisplayName", "theirs")
    said += [program("resync", path, "--yes"), program("coverage", path, "--format", "json")]
    said.append(program("bootstrap", path, "--format", "cli"))
    said.append(program("journal", "export", "--out", program.folder / "export.json"))
    assert [each.code for each in said] == [0] * len(said), said
    assert said[3].json["summary"]["current"] == 2 * len({home, second})
    assert f"begun by arn:{partition}:sts::999999999999:assumed-role/" in said[1].out
    written = [each.read_bytes() for each in program.folder.rglob("*") if each.is_file()]
    printed = [(each.out + each.err).encode() for each in said]
    assert_none_is_foreign(answers + written + printed)


def assert_none_is_foreign(texts: list[bytes]) -> None:
    """Fail if a text has an ARN of the partition ``aws``."""
    found = {each for text in texts for each in FOREIGN.findall(text)}
    assert found == set()
