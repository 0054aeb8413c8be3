"""`sandbox init`: a starter, and the shape of an organization that exists."""

from typing import Any

import pytest
import yaml

from orgrollout.sandbox import Sandbox, load_organization
from orgrollout.sandbox.organization.from_aws import organization_from_aws
from orgrollout.sandbox.organization.starter import starter
from tests.sandbox.support import ORGANIZATION, cloudformation, service_managed


def shape(text: str) -> dict[str, Any]:
    own = load_organization(yaml.safe_load(text)).organization
    return {
        "accounts": len(own.accounts),
        "units": sorted(own.name_path(unit).count("/") for unit in own.units),
        "states": sorted(account.state for account in own.accounts.values()),
        "below": sorted(len(list(own.accounts_under(unit))) for unit in own.units),
        "delegates": len(own.delegates),
    }


def test_the_starter_is_an_organization_that_starts() -> None:
    with Sandbox.start(yaml.safe_load(starter())) as sandbox:
        assert sandbox.organization.find("log_archive") == "111122223333"


@pytest.mark.parametrize("anonymize", [False, True])
def test_the_shape_is_kept(sandbox: Sandbox, anonymize: bool) -> None:
    service_managed(cloudformation(sandbox))
    text = organization_from_aws(sandbox.session(), anonymize=anonymize)
    assert shape(text) == shape(yaml.safe_dump(ORGANIZATION))
    assert len(yaml.safe_load(text)["stack_sets"]) == 1


def test_only_read_calls_are_made(sandbox: Sandbox) -> None:
    organization_from_aws(sandbox.session())
    assert sandbox.calls
    assert not [call for call in sandbox.calls if call.is_write]


def test_without_anonymizing_ids_and_names_are_kept(sandbox: Sandbox) -> None:
    text = organization_from_aws(sandbox.session())
    own = load_organization(yaml.safe_load(text)).organization
    assert own.accounts.keys() == sandbox.organization.accounts.keys()
    assert own.units.keys() == sandbox.organization.units.keys()


def test_anonymized_nothing_can_be_read_back_but_equal_things_stay_equal(sandbox: Sandbox) -> None:
    organizations = sandbox.session().client("organizations")
    for account in ("100000000001", "100000000002"):
        organizations.tag_resource(
            ResourceId=account, Tags=[{"Key": "owner", "Value": "secret-team"}]
        )
    text = organization_from_aws(sandbox.session(), anonymize=True)
    secrets = ["Workloads", "audit", "secret-team", "owner:", "o-a1b2c3d4e5", "example.com"]
    assert not [word for word in (*secrets, *sandbox.organization.accounts) if word in text]
    own = load_organization(yaml.safe_load(text)).organization
    tagged = [account.tags for account in own.accounts.values() if account.tags]
    assert len(tagged) == 2
    assert tagged[0] == tagged[1]
    assert organization_from_aws(sandbox.session(), anonymize=True) != text
