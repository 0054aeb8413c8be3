"""Quotas are told before CloudFormation refuses what exceeds them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import AccountId, Pair
from orgrollout.preflight.facts import Facts
from orgrollout.preflight.finding import Outcome, Unknown
from orgrollout.preflight.places import quotas
from orgrollout.reconcile.advice.preflight import gather
from orgrollout.reconcile.member_accounts.preflight_facts import Looking
from orgrollout.sandbox import Sandbox
from tests.cli.support import write_manifest
from tests.stage import BASE, TOPICS, US, Stage, organization

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    folder: Path = tmp_path_factory.mktemp("quotas")
    with Sandbox.start(organization()) as sandbox:
        loaded = load_manifest(write_manifest(folder, BASE))
        yield gather(loaded, Stage(sandbox, folder).context(), Looking(), lambda _: None)


def test_what_fits_is_counted(facts: Facts) -> None:
    check = quotas(facts)

    assert check.outcome is Outcome.OK
    assert check.looked_at == "1 of 1,000 stack sets, 14 stack instances at most"


def test_one_stack_set_too_many_is_found(facts: Facts) -> None:
    (finding,) = quotas(replace(facts, stack_sets=1_000)).findings

    assert "1,001 stack sets, and the quota is 1,000" in finding.why
    assert "service-quotas" in finding.mend


def test_more_stack_instances_than_a_stack_set_has_room_for_are_found(facts: Facts) -> None:
    desired = facts.desired[TOPICS]
    chosen = next(iter(desired.pairs.values()))
    pairs = {Pair(AccountId(f"{n:012d}"), US): chosen for n in range(100_001)}
    large = replace(facts, desired={TOPICS: replace(desired, pairs=pairs)})

    (finding,) = quotas(large).findings

    assert "100,001 stack instances, and the quota is 100,000" in finding.why
    assert finding.mend == "# split stack_sets.topics into several, each with some of its regions"


def test_what_cannot_be_counted_is_not_checked(facts: Facts) -> None:
    check = quotas(replace(facts, stack_sets=Unknown(reason="denied")))

    assert check.outcome is Outcome.NOT_CHECKED
