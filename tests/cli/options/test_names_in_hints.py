"""A hint names an account as a person knows it, and by the id that is sure."""

import pytest

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options.filters import chooser
from orgrollout.cli.options.groups import Narrow
from orgrollout.model.ids import AccountId, UnitId
from orgrollout.organization.snapshot import Account, AccountState, Organization

ROOT = UnitId("r-ab12")
NAMES = {AccountId("100000000001"): "payments", AccountId("100000000002"): "archive"}
ORGANIZATION = Organization(
    id="o-a1b2c3d4e5",
    management_account=AccountId("999999999999"),
    root=ROOT,
    units={},
    accounts={
        key: Account(id=key, name=name, state=AccountState.ACTIVE, parent=ROOT)
        for key, name in NAMES.items()
    },
)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("paymnts", "Did you mean `payments 100000000001`?"),
        ("10000000001", "Did you mean `payments 100000000001`?"),
        ("zz", "Known: archive 100000000002, payments 100000000001."),
    ],
)
def test_an_unknown_account_is_hinted_at_by_name_and_id(given: str, hint: str) -> None:
    narrow = Narrow(account=[given])
    with pytest.raises(WrongUsageError) as refused:
        chooser(narrow, ORGANIZATION, {}, None)
    assert str(refused.value).endswith(hint)
