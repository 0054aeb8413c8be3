"""The guard that is pasted says what one manifest cannot know."""

import pytest
import yaml

from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.preflight.delivery_guards import MOST_ACCOUNTS, Delivering, switch

ARCHIVE = StackSetKey("log-buckets")


def delivering(count: int = 2) -> Delivering:
    return Delivering(
        accounts=frozenset(AccountId(f"{number:012}") for number in range(1, count + 1)),
        folders={
            StackSetKey("config"): "DeliveryKeyPrefix",
            StackSetKey("archive"): "FlowLogFolder",
        },
        organization="o-a1b2c3d4e5",
    )


def test_a_list_of_accounts_asks_for_those_of_other_manifests() -> None:
    """The management account has a manifest of its own and would be locked out."""
    text = switch(ARCHIVE, "organization-prefix", delivering())
    assert yaml.safe_load(text)["stack_sets"][ARCHIVE]["parameters"] == {
        "DeliveryGuard": "source-accounts",
        "SourceAccountIds": "000000000001,000000000002",
    }
    assert "# add the accounts of other manifests" in text
    assert "management account" in text
    assert "at most 315 fit" in text


def test_a_list_that_does_not_fit_is_not_shown() -> None:
    """CloudFormation takes 4,096 characters in one parameter."""
    fits = switch(ARCHIVE, "organization-prefix", delivering(MOST_ACCOUNTS))
    given = yaml.safe_load(fits)["stack_sets"][ARCHIVE]["parameters"]["SourceAccountIds"]
    assert len(given) <= 4_096 < len(f"{given},000000000316")
    text = switch(ARCHIVE, "organization-prefix", delivering(MOST_ACCOUNTS + 1))
    assert yaml.safe_load(text) is None
    assert "takes at most 315 accounts, and this manifest has 316" in text
    assert "let the policy of the bucket" in text


def test_a_folder_is_for_every_stack_set_and_every_other_manifest() -> None:
    text = switch(ARCHIVE, "source-org-id", delivering())
    assert yaml.safe_load(text)["stack_sets"] == {
        "log-buckets": {"parameters": {"DeliveryGuard": "organization-prefix"}},
        "config": {"parameters": {"DeliveryKeyPrefix": "o-a1b2c3d4e5"}},
        "archive": {"parameters": {"FlowLogFolder": "o-a1b2c3d4e5"}},
    }
    assert "# other manifests that deliver into this archive, or read it" in text
    assert "DeliveryKeyPrefix and FlowLogFolder" in text


@pytest.mark.parametrize("guard", ["source-accounts", "one of a later version"])
def test_the_id_of_the_organization_needs_nothing_else(guard: str) -> None:
    found = yaml.safe_load(switch(ARCHIVE, guard, delivering()))["stack_sets"]
    assert found == {ARCHIVE: {"parameters": {"DeliveryGuard": "source-org-id"}}}
