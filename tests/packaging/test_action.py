"""The GitHub action: its own steps, run as GitHub runs them, with a stand-in for the GitHub CLI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.sandbox import SandboxServer, ScaledClock, serve
from tests.paths import DOCS, ROOT
from tests.stage import BASE, TOPIC, organization

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
# What `gh api` does with comments, kept in a file.
GH = """#!{python}
import json, os, pathlib, sys
kept = pathlib.Path(os.environ["COMMENTS"])
comments = json.loads(kept.read_text()) if kept.exists() else []
args = sys.argv[2:]
if "--method" not in args:
    print(json.dumps([comments[:1], comments[1:]]))
    sys.exit()
body = pathlib.Path(args[args.index("-F") + 1].removeprefix("body=@")).read_text()
path = args[args.index("--method") + 2]
if args[args.index("--method") + 1] == "POST":
    comments.append({{"id": len(comments) + 1, "body": body}})
else:
    next(c for c in comments if c["id"] == int(path.rpartition("/")[2]))["body"] = body
kept.write_text(json.dumps(comments))
"""


@dataclass
class Runner:
    """A machine of GitHub on which the action is installed."""

    folder: Path
    endpoint: str

    def step(self, name: str, inputs: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one step of the action; the expressions in its environment are filled in."""
        given = {key: each.get("default", "") for key, each in ACTION["inputs"].items()}
        known = {f"inputs.{key}": value for key, value in {**given, **inputs}.items()}
        known["github.event.pull_request.number"] = "7"
        step = STEPS[name]
        environment = {
            key: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda m: known[m[1]], value)
            for key, value in step["env"].items()
        }
        return subprocess.run(  # noqa: S603 - the action's own text
            ["bash", "-c", step["run"]],  # noqa: S607
            cwd=self.folder,
            env={**os.environ, **self._environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'tools'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_SHA": "0" * 40,
            "COMMENTS": str(self.folder / "comments"),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def run(self, command: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the command's step against the simulated organization."""
        arguments = f"--sandbox {self.endpoint} --journal {self.folder / 'journal'}"
        return self.step(
            "Run",
            {"command": command, "manifest": "manifest.yaml", "arguments": arguments, **inputs},
        )

    def read(self, name: str) -> str:
        """Return what the steps wrote into one of GitHub's files."""
        found = self.folder / name
        return found.read_text() if found.exists() else ""


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with serve(organization(), clock=ScaledClock(3000)) as made:
        yield made


@pytest.fixture
def runner(tmp_path: Path, server: SandboxServer) -> Runner:
    (tmp_path / "temp" / "orgrollout").mkdir(parents=True)
    (tmp_path / "temp" / "orgrollout" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "tools").mkdir()
    gh = tmp_path / "tools" / "gh"
    gh.write_text(GH.format(python=sys.executable))
    gh.chmod(0o755)
    (tmp_path / "topic.yaml").write_text(TOPIC)
    (tmp_path / "manifest.yaml").write_text(yaml.safe_dump(BASE))
    return Runner(tmp_path, server.endpoint)


@pytest.mark.slow
def test_a_plan_is_one_comment_that_is_updated(runner: Runner) -> None:
    ran = runner.run("plan")
    assert ran.returncode == 0, ran.stderr
    assert runner.read("output") == "changes=true\n"
    assert "Plan: 14 to create" in runner.read("summary")
    for _ in range(2):
        said = runner.step("Comment", {"command": "plan", "manifest": "manifest.yaml"})
        assert said.returncode == 0, said.stderr
    other = runner.step("Comment", {"command": "plan", "manifest": "other.yaml"})
    assert other.returncode == 0, other.stderr
    comments = json.loads(runner.read("comments"))
    assert len(comments) == 2
    assert "Plan: 14 to create" in comments[0]["body"]


@pytest.mark.slow
def test_apply_and_drift_end_as_their_commands_do(runner: Runner) -> None:
    applied = runner.run("apply")
    assert applied.returncode == 0, applied.stderr
    assert runner.run("plan").returncode == 0
    assert runner.read("output").endswith("changes=false\n")
    assert runner.run("drift").returncode == 0
    assert runner.read("output").endswith("findings=false\n")


@pytest.mark.slow
def test_what_could_not_be_done_fails_and_says_why(runner: Runner) -> None:
    broken = runner.run("plan", manifest="missing.yaml")
    assert broken.returncode not in (0, 10)
    assert "missing.yaml" in broken.stderr
    assert "::error::" in broken.stdout


def test_a_command_that_there_is_not_is_refused(runner: Runner) -> None:
    refused = runner.run("delete")
    assert refused.returncode == 2
    assert "command must be plan, apply or drift" in refused.stdout


def test_expressions_stand_in_the_environment_alone() -> None:
    """An input in the text of a script is run by the shell (GitHub docs, script injections)."""
    assert all("${{" not in step["run"] for step in STEPS.values())


def test_what_the_action_installs_from_is_there() -> None:
    for name in re.findall(r"\$GITHUB_ACTION_PATH/(\S+)\"", STEPS["Install"]["run"]):
        assert (ROOT / name).exists()


def test_recipes_are_yaml_and_name_inputs_and_commands_that_exist() -> None:
    page = (DOCS / "ci.md").read_text()
    recipes = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    steps = [step for job in recipes[0]["jobs"].values() for step in job["steps"]]
    ours = [step["with"] for step in steps if step["uses"].startswith("OWNER/orgrollout")]
    assert {each["command"] for each in ours} == {"plan", "apply", "drift"}
    assert all(each.keys() <= ACTION["inputs"].keys() for each in ours)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert recipes[-1]["repos"][0]["hooks"][0]["id"] == hooks[0]["id"]
