"""Accounts that the organization no longer lists: looked up, and detached only if requested."""

import pytest

from orgrollout.errors import BrokenResponseError, OrganizationChangedError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.reading.plan_request import look, request_from
from tests.faulty import Change, Faulty, as_json, json_of
from tests.stage import BASE, DEV, PROD, Stage, changed, pairs

TAGGED = {**BASE, "targets": {"tags": {"baseline": "core"}}}


def without(account: str) -> Change:
    """Leave one account out of every list of accounts, as a cut or cached page does."""

    def change(body: bytes) -> bytes:
        listed = json_of(body)
        kept = [each for each in listed["Accounts"] if each["Id"] != account]
        return as_json({**listed, "Accounts": kept})

    return change


def test_accounts_that_left_are_detached_only_if_requested(stage: Stage) -> None:
    stage.apply()
    stage.sandbox.leave(PROD[0])

    with pytest.raises(PlanRefusedError, match=r"1 account is no longer.*--allow-departed 1"):
        stage.plan(allow_removals=9)

    for allowed in (
        stage.plan(allow_departed=1),
        stage.plan({**BASE, "guards": {"max_departed_accounts": 1, "max_removed_accounts": 0}}),
    ):
        assert changed(allowed, OperationAction.DETACH) == pairs(PROD[:1])
        assert allowed.counts().total() == 2


def test_an_unattended_apply_detaches_nothing_because_accounts_disappeared(stage: Stage) -> None:
    """Detaching being allowed is not enough: a list may have lost them."""
    stage.apply()
    stage.sandbox.leave(PROD[0])
    loaded = load_manifest(stage._write({**BASE, "targets": {"organizational_units": ["/Prod"]}}))
    context = stage.context()
    picture = look(loaded, context, lambda _: None)
    detaching = AllowedActions(actions=frozenset({OperationAction.DETACH}))

    for allowed, gone in ((None, ()), (1, PROD[:1])):
        request = request_from(loaded, picture, context, allow_departed=allowed)
        plan = plan_unattended(request, detaching, context.clock.now())
        assert changed(plan, OperationAction.DETACH) == pairs((*DEV, *gone))
        held = plan.held_back.get(OperationAction.DETACH, 0)
        assert held == (0 if gone else 2)


def test_an_account_that_exists_and_is_not_listed_is_left_alone(
    stage: Stage, faulty: Faulty
) -> None:
    """DescribeAccount decides, and not the absence from a list."""
    stage.apply()
    faulty.change("ListAccounts", without(PROD[0]))

    plan = stage.plan(allow_departed=9, allow_removals=9)

    assert plan.is_empty
    (warning,) = [w for w in plan.warnings if PROD[0] in w]
    assert "DescribeAccount knows it" in warning


def test_an_account_that_may_not_be_looked_up_is_left_alone(stage: Stage, faulty: Faulty) -> None:
    stage.apply()
    stage.sandbox.leave(PROD[0])
    denied = b'{"__type": "AccessDeniedException", "Message": "You do not have permissions"}'
    faulty.refuse("DescribeAccount", denied)

    plan = stage.plan(allow_departed=9)

    assert plan.is_empty
    (warning,) = [w for w in plan.warnings if PROD[0] in w]
    assert "whether it left the organization is not known" in warning


def test_a_lookup_with_a_broken_response_is_no_answer(stage: Stage, faulty: Faulty) -> None:
    stage.apply()
    stage.sandbox.leave(PROD[0])
    faulty.change("DescribeAccount", lambda _: b"{}")

    with pytest.raises(BrokenResponseError, match="DescribeAccount"):
        stage.plan(allow_departed=9)


def test_tags_missing_from_one_response_remove_nothing(stage: Stage, faulty: Faulty) -> None:
    """The tags of another account, or none, given out once by something in between."""
    for account in (*PROD, *DEV):
        stage.sandbox.organization.accounts[account].tags = {"baseline": "core"}
    stage.apply(TAGGED)
    faulty.change("ListTagsForResource", lambda _: b'{"Tags": []}', times=3)

    with pytest.raises(OrganizationChangedError, match="the tags of"):
        stage.plan(TAGGED, allow_removals=9)
