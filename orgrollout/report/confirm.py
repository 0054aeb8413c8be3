"""What `confirm` is about to do, and what it found, as people read it and as programs do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orgrollout.confirm.experiment import Experiment, Finding, Need, Outcome
from orgrollout.confirm.ground import PREFIX, Ground, Place
from orgrollout.model.behaviour import Value
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, enumerated, word
from orgrollout.report.plan.as_text import FORMAT_VERSION

_STYLES = {
    Outcome.CONFIRMED: "green",
    Outcome.OTHERWISE: "red",
    Outcome.COULD_NOT_TELL: "yellow",
}
_REMOVAL = timedelta(minutes=3)


def announcement(experiments: Sequence[Experiment], ground: Ground) -> Iterator[Block]:
    """Yield what is about to be made, where, for how long, and what it costs."""
    able = [each for each in experiments if not each.lacks(ground)]
    yield Sheet(
        headers=("experiment", "what it asks"),
        rows=tuple((each.name, each.question) for each in able),
    )
    for each in experiments:
        if lacking := each.lacks(ground):
            yield Line(text=f"not run: {each.name}, which needs {lacking}", style="yellow")
    if not able:
        return
    yield Line(
        text=f"They make {count(len(able), 'stack set')} in the caller's account, called "
        f"{PREFIX}*-{ground.run}."
    )
    here, there = ground.regions
    yield Line(
        text=f"Their stacks are in {_account('account', ground.canary)}, in {here} and {there}: "
        "each has one standard parameter of Systems Manager and nothing else."
    )
    if ground.suspended and any(Need.SUSPENDED in each.needs for each in able):
        yield Line(
            text=f"No stack is made in {_account('the suspended account', ground.suspended)}. If "
            "AWS does not remove the stack instances there, their stack sets stay, too.",
            style="yellow",
        )
    longest = max(each.takes for each in able) + _REMOVAL
    minutes = int(longest / timedelta(minutes=1))
    yield Line(
        text=f"All of it is taken away at the end. It takes about {minutes} minutes, and costs "
        "nothing: AWS charges neither for stack sets of its own resource types nor for standard "
        "parameters."
    )


def _account(what: str, place: Place) -> str:
    return f"{what} {place.account} (unit {place.unit})"


def confirm_blocks(findings: Sequence[Finding]) -> Iterator[Block]:
    """Yield each experiment with its outcome, why, what the product does, and the calls."""
    for each in findings:
        value = "" if each.value is None else f": {_value(each.value)}"
        name = each.experiment.name
        yield Line(text=f"{each.outcome:<14}  {name}{value}", style=_STYLES[each.outcome])
        yield Line(text=f"  {each.experiment.question}")
        yield Line(text=f"    {each.because}")
        yield Line(text=f"    -> {each.consequence}")
        yield from (Line(text=f"      {line}", style="dim") for line in each.evidence)
    yield Line(text=summary(findings), style="bold")


def summary(findings: Sequence[Finding]) -> str:
    """Return all findings in one line."""
    said = [f"{sum(1 for f in findings if f.outcome is outcome)} {outcome}" for outcome in Outcome]
    return f"{count(len(findings), 'experiment')}: {enumerated(said)}."


def confirm_json(
    findings: Sequence[Finding], ground: Ground, left: Mapping[str, str]
) -> dict[str, Any]:
    """Return the same as JSON can hold it. Keys may be added, never renamed."""
    return {
        "format_version": FORMAT_VERSION,
        "run": ground.run,
        "regions": list(ground.regions),
        "summary": {
            word(outcome): sum(1 for f in findings if f.outcome is outcome) for outcome in Outcome
        },
        "experiments": [
            {
                "experiment": each.experiment.name,
                "question": each.experiment.question,
                "outcome": word(each.outcome),
                "value": each.value,
                "assumed": each.experiment.asked.assumed,
                "because": each.because,
                "consequence": each.consequence,
                "evidence": list(each.evidence),
            }
            for each in findings
        ],
        "left_behind": _left(left),
    }


def clean_json(removed: Sequence[str], left: Mapping[str, str]) -> dict[str, Any]:
    """Return what was taken away, and what was not. Keys may be added, never renamed."""
    return {
        "format_version": FORMAT_VERSION,
        "removed": sorted(removed),
        "left_behind": _left(left),
    }


def _left(left: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"stack_set": name, "why": why} for name, why in sorted(left.items())]


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value or "(empty)"
