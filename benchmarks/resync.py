"""What a re-sync costs where 170,000 stack instances are deployed and one in a hundred drifted.

10,000 accounts x 17 Regions in two stack sets (100,000 stack instances is the quota of one), in the
sandbox, without the templates' resources, on its virtual clock:

    python benchmarks/resync.py [--accounts N]

It goes as `orgrollout resync` does: drift detection, findings, plan, change sets in the accounts,
proof. Calls keep to their rates (`orgrollout/aws/transport/rate_limits.py`). All times but the CPU
are simulated.

Calls are those that the sandbox answered, of four kinds:

- sessions: AssumeRole.
- organization: reading accounts and units. There may be one for each page of 20 accounts or units,
  one for each unit, and two.
- waiting: a look at something that was under way when it was looked at last, and that stands as it
  stood then. In an account: a DescribeStacks, DescribeChangeSet or
  DescribeStackDriftDetectionStatus with the same answer as the last one of the same stack, change
  set or detection. At home: a DescribeStackSetOperation of an operation that still runs. The first
  look is never waiting, nor is one that found anything new.
- all others. There may be one for each hundred stack instances, and twelve for each that drifted.

Ends with 1 where there are more, where not everything was repaired, or where the process took more
than 600 MB, the sandbox included.
"""

import argparse
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from botocore import handlers

from orgrollout import api
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.journal.port import Version, to_text
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import StackSetName
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings

UNITS = 100
SHARE = 0.01
PER_HUNDRED, PER_DRIFTED, MEGABYTES = 1, 12, 600
HALVES = {
    "west": (
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-west-1", "eu-west-2"),
    ),
    "east": (
        *("eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1"),
        *("ap-southeast-1", "ap-southeast-2"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    ),
}
REGIONS = [region for half in HALVES.values() for region in half]
NAMES = [StackSetName(f"large-{half}") for half in HALVES]
TEMPLATE = """\
Resources: {Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: ours}}}
"""
MANIFEST: dict[str, Any] = {
    "version": 1,
    "name": "large",
    "organization": "o-a1b2c3d4e5",
    "home_region": "us-east-1",
    "targets": "all",
    "regions": REGIONS,
    "stack_sets": {
        half: {"template": "topic.yaml", "regions": list(regions)}
        for half, regions in HALVES.items()
    },
    "drift": {"resync_role": "OrganizationAccountAccessRole"},
}
ORGANIZATION = (
    "DescribeOrganization",
    "ListRoots",
    "ListAccounts",
    "ListOrganizationalUnitsForParent",
)
LOOKS = (
    "DescribeStacks",
    "DescribeChangeSet",
    "DescribeStackDriftDetectionStatus",
    "DescribeStackSetOperation",
)


@dataclass
class Waiting:
    """Tells looks that found nothing new, from what each client of this process is answered."""

    found: Counter[str] = field(default_factory=Counter)
    _last: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watching(self) -> Iterator["Waiting"]:
        """Watch the clients that are made from now on."""
        added = [
            (f"{event}.cloudformation.{name}", handler)
            for name in LOOKS
            for event, handler in (
                ("before-parameter-build", self._asked),
                ("after-call", self._answered),
            )
        ]
        handlers.BUILTIN_HANDLERS += added
        try:
            yield self
        finally:
            for each in added:
                handlers.BUILTIN_HANDLERS.remove(each)

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = repr(sorted(params.items()))

    def _answered(
        self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: Any
    ) -> None:
        answer = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        with self._lock:
            asked, said = f"{model.name} {context['asked']}", repr(answer)
            if self._last.get(asked) == said:
                self.found[model.name] += 1
            self._last[asked] = said


class CountedJournal(SqliteJournal):
    """Counts what is written, by the first part of its key."""

    def __init__(self, path: Path) -> None:
        """Open the journal at ``path``."""
        super().__init__(path)
        self.writes: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        """Write a document."""
        self._count(key, value)
        return super().put(key, value, expected=expected)

    def append(self, stream: str, value: Any) -> int:
        """Write an entry."""
        self._count(stream, value)
        return super().append(stream, value)

    def _count(self, key: str, value: Any) -> None:
        kind = key.split("/", maxsplit=1)[0]
        self.writes[kind] += 1
        self.bytes[kind] += len(to_text(value))


@dataclass(frozen=True)
class Part:
    """What one part of the re-sync took."""

    calls: Counter[str]
    takes: timedelta  # simulated
    cpu: float  # seconds here, the sandbox included


@dataclass
class Bench:
    """A sandbox with everything deployed, and a manifest that says so."""

    sandbox: Sandbox
    folder: Path
    parts: dict[str, Part] = field(default_factory=dict)

    @contextmanager
    def process(self, *, speed: float = 1) -> Iterator[tuple[api.Client, CountedJournal]]:
        """Give what a process works with, and its journal."""
        path = self.folder / "journal.sqlite"
        limits = RateLimits(speed=speed)
        with (
            api.connect(
                self.loaded(), journal=path, clock=self.sandbox.clock, limits=limits
            ) as client,
            closing(CountedJournal(path)) as journal,
        ):
            yield (
                replace(
                    client,
                    context=replace(client.context, journal=journal),
                    reading=replace(client.reading, journal=journal),
                ),
                journal,
            )

    def loaded(self) -> api.LoadedManifest:
        """Return the manifest."""
        return api.load(self.folder / "manifest.yaml")

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Measure what is done inside."""
        calls, began = len(self.sandbox.calls), self.sandbox.clock.now()
        cpu = time.process_time()
        yield
        self.parts[what] = Part(
            calls=Counter(c.operation for c in self.sandbox.calls[calls:]),
            takes=self.sandbox.clock.now() - began,
            cpu=time.process_time() - cpu,
        )
        print(f"{what:<8} {of_part(self.parts[what])}", flush=True)


def of_part(part: Part) -> str:
    """Return in a line what a part took."""
    return (
        f"{part.calls.total():>7,} calls, {part.takes} simulated; {part.cpu:,.0f} s of CPU here, "
        f"at most {peak():,.0f} MB so far"
    )


def peak() -> float:
    """Return the most memory this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def organization(accounts: int) -> dict[str, Any]:
    """Return an organization of 100 units besides the management account."""
    units: dict[str, Any] = {f"unit{number}": {"accounts": []} for number in range(UNITS)}
    for number in range(accounts):
        account = {"name": f"a{number}", "id": f"{100_000_000_000 + number}"}
        units[f"unit{number % UNITS}"]["accounts"].append(account)
    return {
        "organization": "o-a1b2c3d4e5",
        "management_account": {"id": "999999999999", "name": "management"},
        "regions": REGIONS,
        "root": {"organizational_units": units},
    }


@contextmanager
def deployed(accounts: int) -> Iterator[Bench]:
    """Give a sandbox in which the manifest has been applied, and one in a hundred drifted."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox.start(organization(accounts), settings=Settings(deploy_resources=False)) as sandbox,
    ):
        bench = Bench(sandbox, Path(folder))
        (bench.folder / "manifest.yaml").write_text(yaml.safe_dump(MANIFEST), encoding="utf-8")
        (bench.folder / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
        with bench.part("deploy"):
            deploy(bench)
        difference = ("/DisplayName", "ours", "theirs", "NOT_EQUAL")
        for name in NAMES:
            sandbox.drifted(name, "Topic", "AWS::SNS::Topic", [difference], share=SHARE)
        yield bench


def deploy(bench: Bench) -> None:
    """Do what `orgrollout apply` does, as fast as it goes."""
    with bench.process(speed=1e9) as (client, _):
        client.drive(client.begin(client.plan(bench.loaded())))


def resync(bench: Bench, client: api.Client) -> tuple[api.ResyncPlan, api.Rollout]:
    """Do what `orgrollout resync --detect` does."""
    loaded = bench.loaded()
    with bench.part("detect"):
        client.detect(loaded, patience=timedelta(hours=1))
    with bench.part("look"):
        picture = client.look(loaded, drift=True)
    with bench.part("seek"):
        sought = client.plan_resync(loaded, picture)
    del picture
    with bench.part("repair"):
        rollout = client.drive(client.begin(sought.resync.plan))
    return sought, rollout


def of_organization(accounts: int) -> int:
    """Return how many calls reading the organization may take."""
    return -(-(accounts + 1) // 20) + UNITS + -(-UNITS // 20) + 2


def report(bench: Bench, waiting: Waiting, drifted: int, accounts: int) -> bool:
    """Print the calls, and return whether there are too many."""
    instances = accounts * len(REGIONS)
    calls: Counter[str] = sum(
        (part.calls for what, part in bench.parts.items() if what != "deploy"), Counter()
    )
    for name, count in calls.most_common():
        waited = f", {waiting.found[name]:,} of them waiting" if waiting.found[name] else ""
        print(f"    {name:<34} {count:>7,}, {count / drifted:.2f} each{waited}")
    sessions, waited = calls["AssumeRole"], waiting.found.total()
    read = sum(calls[name] for name in ORGANIZATION)
    others = calls.total() - sessions - waited - read
    allowed = instances * PER_HUNDRED // 100 + drifted * PER_DRIFTED
    each = (others - instances * PER_HUNDRED / 100) / drifted
    print(
        f"{calls.total():,} calls: {sessions:,} for sessions, {waited:,} waiting, {read:,} of the "
        f"organization of {of_organization(accounts):,} allowed, {others:,} others of {allowed:,} "
        "allowed"
    )
    print(
        f"beyond one for each hundred stack instances: {each:.2f} for each that drifted, "
        f"{each + waited / drifted:.2f} with waiting, "
        f"{each + (waited + sessions) / drifted:.2f} with sessions too"
    )
    return others > allowed or read > of_organization(accounts)


def main(accounts: int) -> int:
    """Deploy, re-sync, print; return the exit code."""
    instances = accounts * len(REGIONS)
    with (
        Waiting().watching() as waiting,
        deployed(accounts) as bench,
        bench.process() as (client, journal),
    ):
        before = Counter(waiting.found)
        sought, rollout = resync(bench, client)
        waiting.found -= before
        drifted, state = len({(f.stack_set, f.pair) for f in sought.findings.real}), rollout.state
        print(
            f"{instances:,} stack instances, {drifted:,} drifted, "
            f"{len(sought.resync.plan.operations)} operations planned, {len(state.completed)} "
            f"carried out: {state.outcome.value}"
        )
        failed = report(bench, waiting, drifted, accounts)
        takes = sum((p.takes for w, p in bench.parts.items() if w != "deploy"), timedelta())
        cpu = sum(p.cpu for w, p in bench.parts.items() if w != "deploy")
        print(f"makespan {takes} simulated, {cpu:,.0f} s of CPU here")
        for kind, count in journal.writes.most_common():
            size = journal.bytes[kind]
            print(f"    journal: {count:>6,} writes, {size:>11,} bytes of {kind}")
        print(f"peak memory: {peak():,.0f} MB of {MEGABYTES} MB")
        failed |= peak() > MEGABYTES or state.outcome is not Outcome.SUCCEEDED
        failed |= sum(completed.succeeded for completed in state.completed) != drifted
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=10_000)
    sys.exit(main(parser.parse_args().accounts))
