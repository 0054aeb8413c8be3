"""The SDK for JavaScript v3 against the server: headers in lower case, its own serializer."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orgrollout.sandbox import ScaledClock, serve
from tests.sandbox.support import HOME, ORGANIZATION, TEMPLATE

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent / "javascript"
INSTALL = ("install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock")


def _run(folder: Path, *command: str, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    return done.returncode, done.stdout if done.returncode == 0 else done.stdout + done.stderr


def test_the_javascript_sdk_creates_deploys_lists_drifts_and_deletes(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm and node are not installed")
    for each in ("package.json", "tour.mjs"):
        shutil.copy(HERE / each, tmp_path)
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    code, said = _run(tmp_path, npm, *INSTALL, environment=dict(os.environ))
    if code != 0:
        pytest.skip(f"npm could not install the SDK for JavaScript: {said.strip()[-200:]}")

    with serve(ORGANIZATION, clock=ScaledClock(6_000)) as server:
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": HOME,
        }
        code, said = _run(tmp_path, node, "tour.mjs", environment=environment)
        assert server.sandbox.simulation.gateway.failures == []

    assert code == 0, said
    assert said.splitlines() == [
        "js",
        "CREATE SUCCEEDED",
        "results 12",
        "instances 12",
        "DETECT_DRIFT SUCCEEDED",
        "drift IN_SYNC",
        "ValidationError 400",
        "DELETE SUCCEEDED",
        "left 0",
    ]
