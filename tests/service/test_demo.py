"""`make service-demo` shows the whole service: the packaged zip at work, and the state machine."""

import re
import subprocess
import sys

import pytest

from demos.service.cloud import RUNTIME
from tests.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (RUNTIME / "awslambdaric").is_dir(),
        reason="AWS's runtime client comes with `make test-all`, on Linux",
    ),
]
WAITING = 600  # seconds, on a machine with much else to do


def test_the_demo_of_the_service_comes_true() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demos.service"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAITING,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    said = re.sub(r"\d+ ticks", "N ticks", done.stdout)
    for line in (
        "look: waits for an approval: the manifest has no service.auto_approve",
        "StackSets got no request that changes anything",
        "reconcile, by schedule: started alerts-1_1; N ticks later: succeeded",
        "StackSets has 6 stack instances: 3 accounts, 2 Regions",
        "the rule AccountsChanged took the event of Organizations",
        "billing has its stack instances in eu-west-1 and us-east-1",
        "the topic is called 'security alerts' again",
        "the rule TamperedWith took the event of CloudTrail; tampering: "
        "config:StopConfigurationRecorder by arn:aws:iam::100000000003:user/mallory",
        "the recorder records again",
        "the log has what HaltedAlarm looks for: phase: halted,",
        "the topic orgrollout was told: ",
        "All of it came true",
    ):
        assert line in said
