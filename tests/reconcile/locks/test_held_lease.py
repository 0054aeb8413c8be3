"""A lease that is taken over is reported in the log: two processes drove one rollout."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.locks.held_lease import HeldLease
from orgrollout.reconcile.tick.tick import tick
from tests.drivers.support import begun
from tests.stage import Stage


def test_a_takeover_of_a_lease_names_the_process_that_is_gone(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="orgrollout")
    rollout = begun(stage)
    gone = replace(stage.context(), holder="host-7:4711")
    current = load_rollout(gone.journal, rollout)
    HeldLease.take(current, current.state, gone)
    assert tick(rollout, stage.context()).held_by == "host-7:4711"
    assert "lease taken over" not in caplog.text

    stage.context().clock.sleep(timedelta(minutes=3))
    tick(rollout, stage.context())

    taken = [r for r in caplog.records if r.getMessage().startswith("lease taken over")]
    assert [r.getMessage() for r in taken] == ["lease taken over from host-7:4711"]
    assert vars(taken[0])["rollout"] == rollout
