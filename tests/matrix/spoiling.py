"""A command with spoiled responses to one operation, and the invariants of its result."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.faulty import KINDS
from tests.matrix.house import BY_HAND, EVERYWHERE, SECOND, STACK_SET, WRITING, House, Ran
from tests.stage import READS

REMOVALS = {"DeleteStackInstances", "DeleteStackSet"}
TELLS = ("broken response", "no answer", "did not answer", "was not answered")
# Always: it never becomes an answer. Once: the call is repeated, with no visible effect.
WAYS = (*((kind, None) for kind in KINDS), ("cut", 1), ("stale", 1))
# Times, ids made of times, and how often was asked: two runs of the same need not agree on them.
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)|ordrift-\S+|(?<=-[0-9a-f]{16})-[0-9a-f]{16}$"
)
_VOLATILE = {"calls", "fingerprint"}


@dataclass(frozen=True)
class Case:
    """The spoiled operation and the way; ``after`` whole responses to the same operation."""

    command: str
    operation: str
    kind: str
    times: int | None = None
    after: int = 0


@dataclass(frozen=True)
class Usual:
    """How a command ends where nothing is spoiled, and which operations it sends."""

    ran: Ran
    sent: tuple[str, ...]

    def cases(self, command: str) -> Iterator[Case]:
        """Yield every case: each operation, in every way, from the start and after a write.

        What is asked before the first write and after it fails before anything is done, if it is
        spoiled from the start; so it is spoiled from there on as well.
        """
        writes = [n for n, name in enumerate(self.sent) if not name.startswith(READS)]
        before = Counter(self.sent[: writes[0]] if writes else ())
        after = Counter(self.sent[writes[0] :] if writes else ())
        for operation in sorted(set(self.sent)):
            for kind, times in WAYS:
                yield Case(command, operation, kind, times)
                if before[operation] and after[operation]:
                    yield Case(command, operation, kind, times, before[operation])


def usual(house: House, folder: Path, command: str) -> Usual:
    """Return how a command ends when every response is whole. Meant for a copy."""
    house.move(folder)
    calls = len(house.faulty.answered)
    ran = house.command(command)
    return Usual(ran, tuple(house.faulty.answered[calls:]))


def tried(house: House, folder: Path, case: Case, expected: Usual) -> None:
    """Run one case, and check the invariants. Meant for a copy.

    Nothing is removed, nothing is let out, and nothing that went wrong is said to have gone well;
    and once responses are whole again, the same command brings it to its end.
    """
    house.move(folder)
    before, calls = house.deployed(), len(house.faulty.answered)
    house.written.clear()
    house.faulty.spoil(case.operation, case.kind, times=case.times, after=case.after)
    ran = house.command(case.command)
    sent = house.faulty.answered[calls:]
    house.faulty.changes.clear()
    said = f"{case}: {ran.code}\n{ran.out}\n{ran.err}\nsent {dict(Counter(sent))}"
    assert sent.count(case.operation) > case.after, said
    assert REMOVALS.isdisjoint(sent), said
    assert house.deployed() == before, said
    assert house.deployed(SECOND) <= EVERYWHERE, said
    assert "this is a bug" not in ran.err, said
    assert "html" not in ran.out + ran.err, said
    assert ran.code in {0, 1, 3, 4, 5, 10}, said
    _not_let_out(house, said)
    _not_a_false_success(house, case, ran, expected.ran, said)
    if case.command in WRITING and ran.code != expected.ran.code:
        _ends_well(house, case, said)


def _not_let_out(house: House, said: str) -> None:
    written = house.all_written()
    assert not [s for s in house.secrets() for part in parts(s) if part in written], said


def parts(secret: str, long: int = 12, step: int = 4) -> Sequence[bytes]:
    """Return pieces of a secret, of which any quotation of 16 characters holds one."""
    whole = secret.encode()
    return [whole[n : n + long] for n in range(0, max(len(whole) - long, 0) + 1, step)]


def _not_a_false_success(house: House, case: Case, ran: Ran, usual: Ran, said: str) -> None:
    found, wanted = verdict(ran), verdict(usual)
    same = (ran.code, found) == (usual.code, wanted)
    said += "" if same else f"\nusually {usual.code}, {_differences(found, wanted)}"
    if case.kind != "stale" and case.times is not None:
        assert same, said  # the call is repeated, with no visible effect
    elif case.kind != "stale":
        told = case.operation in ran.out + ran.err and any(t in ran.out + ran.err for t in TELLS)
        assert same or told, said
    if not same and ran.code == 0 and case.kind != "stale":
        assert case.command in {"preflight", "plan", "coverage"}, said
    if case.command == "apply" and ran.code == 0:
        assert is_applied(house), said
    if case.command == "resync" and ran.code == 0:
        assert display_name(house) == f"v{house.turn}", said
    if case.command == "drift":
        assert ran.code != 0, said  # a person has changed something


def _ends_well(house: House, case: Case, said: str) -> None:
    """Act as an operator does next: resume the open rollout, and run the command again."""
    house.sandbox.settle()
    listed = house.run("rollouts", "--format", "json").document["rollouts"]
    for each in listed:
        if each["ended"] is None:
            again = house.run("resume", each["rollout"])
            said += f"\nresume {each['rollout']}: {again.code}\n{again.err}"
    if case.command == "apply":
        again = house.run("apply", house.manifest(second=True), "--yes")
        assert again.code == 0, f"{said}\nafterwards: {again.code}\n{again.out}{again.err}"
        assert is_applied(house), f"{said}\nafterwards: {again.code}\n{again.out}{again.err}"
    else:
        again = house.run("resync", house.manifest(), "--yes")
        assert again.code == 0, f"{said}\nafterwards: {again.code}\n{again.out}{again.err}"
        assert display_name(house) == f"v{house.turn}", f"{said}\nafterwards: {again.err}"


def is_applied(house: House) -> bool:
    """Return whether all stack instances are there and current, and the change arrived."""
    for name in (STACK_SET, SECOND):
        if house.deployed(name) != EVERYWHERE:
            return False
        found = house.sandbox.stack_set(name).instances.values()
        if any(instance.status != "CURRENT" for instance in found):
            return False
    return display_name(house) == f"v{house.turn}"


def display_name(house: House) -> str:
    """Return the display name of the topic that may have been changed, read in its account."""
    with house.in_process():
        client = house.sandbox.session(*BY_HAND).client("sns")
        for topic in client.list_topics()["Topics"]:
            if STACK_SET in topic["TopicArn"]:
                found = client.get_topic_attributes(TopicArn=topic["TopicArn"])
                return str(found["Attributes"]["DisplayName"])
    return ""


def verdict(ran: Ran) -> Any:
    """Return the findings or results of a command, without times and numbers of calls."""
    return _settled(ran.document)


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return sorted((_settled(item) for item in value), key=json.dumps)
    return _TIME.sub("T", value) if isinstance(value, str) else value


def broken_alike(cases: Sequence[Case], refused: set[tuple[str, str]]) -> list[Case]:
    """Return the cases of which no two have the same result beyond the transport.

    ``refused`` are the operations and kinds that the transport takes for a broken response, and
    repeats and raises as one: of these one kind for each operation is enough, another each time.
    """
    kept, turn = [], 0
    for case in cases:
        if (case.operation, case.kind) not in refused or case.times is not None:
            kept.append(case)
            continue
        first = replace(case, kind="")
        if first not in kept:
            kept.append(first)
    named: list[Case] = []
    for case in kept:
        if case.kind:
            named.append(case)
            continue
        kinds = sorted(kind for operation, kind in refused if operation == case.operation)
        named.append(replace(case, kind=kinds[turn % len(kinds)]))
        turn += 1
    return named


def _differences(found: Any, wanted: Any, path: str = "") -> str:
    """Return where two documents differ."""
    if found == wanted:
        return ""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({*found, *wanted})
        return "".join(_differences(found.get(k), wanted.get(k), f"{path}/{k}") for k in keys)
    return f"\n  {path}: {json.dumps(found)[:300]} and not {json.dumps(wanted)[:300]}"
