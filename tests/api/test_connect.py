"""What a client is connected to: home Region, journal, rates, and whether it may write."""

from pathlib import Path

import pytest

from orgrollout import api
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.errors import ManifestError, MissingRegionError, ReadOnlyError
from orgrollout.journal.place import FILE
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.sandbox import Sandbox
from tests.api.manifests import manifest


@pytest.mark.parametrize(("bounds", "seconds"), [({}, 99), ({"most": 20}, 30), ({"most": 1}, 198)])
def test_a_manifest_bounds_how_often_cloudformation_is_called(
    sandbox: Sandbox, tmp_path: Path, bounds: dict[str, float], seconds: float
) -> None:
    """200 reads: at 2 a second, at a rate that rises while nothing is throttled, at 1 a second."""
    loaded = manifest(tmp_path, rollout={"calls_per_second": bounds})
    with api.connect(loaded, journal=tmp_path / "j", clock=sandbox.clock) as client:
        before = sandbox.clock.now()
        for _ in range(200):
            client.context.connection.call("cloudformation", "ListStackSets")
        spent = (sandbox.clock.now() - before).total_seconds()

    assert spent <= seconds + 1
    assert spent >= seconds / 2


def test_a_manifest_without_a_home_region_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    with (
        pytest.raises(ManifestError, match="Write `home_region: us-east-1`"),
        api.connect(manifest(tmp_path, home_region=None), clock=sandbox.clock),
    ):
        pass


def test_without_any_region_one_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    loaded = manifest(tmp_path, home_region=None, regions=["us-west-2", "us-east-1"])
    with pytest.raises(ManifestError, match="home_region: us-west-2"), api.connect(loaded):
        pass
    with pytest.raises(MissingRegionError), api.connect():
        pass


def test_a_simulated_organization_has_a_home_region(sandbox: Sandbox, tmp_path: Path) -> None:
    heard: list[str] = []
    loaded = manifest(tmp_path, home_region=None)
    with api.connect(loaded, clock=sandbox.clock, simulated=True, progress=heard.append) as client:
        assert not client.plan(loaded).is_empty

    assert "home_region: us-east-1" in heard[0]


def test_the_journal_is_the_one_that_the_manifest_names(sandbox: Sandbox, tmp_path: Path) -> None:
    loaded = manifest(tmp_path, journal="kept/here.sqlite")
    with api.connect(loaded, clock=sandbox.clock) as client:
        assert client.journal == str(tmp_path / "kept" / "here.sqlite")


def test_a_journal_that_is_given_open_stays_open(sandbox: Sandbox, tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / FILE)
    loaded = manifest(tmp_path)
    with api.connect(loaded, journal=journal, clock=sandbox.clock) as client:
        begun = client.begin(client.plan(loaded))
    with api.connect(journal=journal, clock=sandbox.clock) as client:
        assert client.rollout() == begun
    journal.close()


def test_a_client_that_only_reads_starts_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    loaded = manifest(tmp_path)
    with api.connect(loaded, journal=tmp_path / "j", clock=sandbox.clock, read_only=True) as client:
        begun = client.begin(client.plan(loaded))
        with pytest.raises(ReadOnlyError):
            client.drive(begun)
    assert [*sandbox.simulation.stack_sets] == []


@pytest.mark.usefixtures("sandbox")
def test_a_connection_alone_keeps_no_journal(tmp_path: Path) -> None:
    connection = api.connection(home_region="eu-west-1")

    assert connection.identity.account == "999999999999"
    assert connection.home_region == "eu-west-1"
    assert not (tmp_path / "state").exists()


def test_a_client_can_have_rates_of_its_own(tmp_path: Path, sandbox: Sandbox) -> None:
    """A benchmark deploys what it measures without waiting for its turn."""
    loaded, began = manifest(tmp_path), sandbox.clock.now()
    rates = RateLimits(speed=1e9)
    with api.connect(loaded, journal=tmp_path / "j", clock=sandbox.clock, limits=rates) as client:
        for _ in range(50):
            client.context.connection.call("cloudformation", "ListStackSets")

    assert (sandbox.clock.now() - began).total_seconds() < 1
