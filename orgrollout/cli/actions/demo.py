"""`demo`: the main job from nothing, in a simulated organization on a virtual clock."""

from pathlib import Path

from orgrollout.cli.actions.rollout.apply import carry_out
from orgrollout.cli.actions.rollout.plan import plan_of
from orgrollout.cli.actions.rollout.saved_plan import Options
from orgrollout.cli.errors import DONE
from orgrollout.cli.options.groups import STARTER, Narrow, Reach
from orgrollout.cli.session import open_session
from orgrollout.cli.shipped import BASELINE, ORGANIZATION, shipped_manifest
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.report.plan.as_text import plan_blocks

_NEXT = """\
Try next:
  orgrollout plan {baseline} --sandbox    the same plan; change the manifest and see
  orgrollout coverage {baseline} --sandbox --state skipped
  orgrollout sandbox serve    the organization on a port, for any AWS tool
  orgrollout templates export DIR    the templates, to look into
For your own organization: copy {baseline}, change it, then plan it.
"""


def run_demo(*, debug: bool) -> int:
    """Plan, apply and plan again; return the exit code of the rollout, or 1 if work is left."""
    screen = Screen(quiet=True)
    baseline = near(shipped_manifest(BASELINE))
    loaded = load_manifest(baseline)
    asked = Options(manifest=baseline, narrow=Narrow(), allow_removals=None)
    heading(screen, f"A simulated organization ({near(shipped_manifest(ORGANIZATION))})")
    with open_session(Reach(sandbox=STARTER, debug=debug), screen, loaded=loaded) as session:
        heading(screen, f"orgrollout plan {baseline}")
        made = plan_of(asked, loaded, session)
        screen.show(plan_blocks(made))
        heading(screen, f"orgrollout apply {baseline}   (the times are simulated)")
        code = carry_out(made, session)
        heading(screen, f"orgrollout plan {baseline}   (again: what is left to do?)")
        again = plan_of(asked, loaded, session)
        screen.show(plan_blocks(again, detect=session.detection(loaded)))
    screen.say("")
    for line in _NEXT.format(baseline=baseline).splitlines():
        screen.say(line)
    return code if code != DONE or again.is_empty else 1


def near(path: Path) -> Path:
    """Return a path as it is seen from here, where that is shorter."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def heading(screen: Screen, text: str) -> None:
    """Begin a part of the demo."""
    screen.say("")
    screen.say(f"$ {text}" if text.startswith("orgrollout") else text, "bold cyan")
