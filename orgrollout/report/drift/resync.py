"""What a re-sync leaves, as people read it and as programs do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from orgrollout.drift.left import Unrepaired
from orgrollout.posture.seen import named
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.layout.words import count, word
from orgrollout.rollout.failures.failure_groups import cause


def left_blocks(left: Iterable[Unrepaired]) -> Iterator[Block]:
    """Yield what is not repaired: a line for each thing and reason, with how many, and where.

    Reasons that differ only in what names the place are one.
    """
    groups: dict[tuple[str, str, str], list[Unrepaired]] = defaultdict(list)
    for each in left:
        finding = each.finding
        groups[finding.stack_set, f"{finding.what}{finding.path}", cause(each.why)].append(each)
    if groups:
        yield Line(text="not repaired:", style="dim")
    for (key, what, _), members in groups.items():
        places = {each.finding.pair for each in members}
        why = min(members, key=lambda each: each.finding.pair).why
        example = f"e.g. {min(places)}" if len(places) > 1 else str(min(places))
        subjects = named(sorted({each.finding.subject for each in members} - {""}))
        about = f" of {subjects}" if any(each.finding.subject for each in members) else ""
        text = f"  {key} {what}{about}: {count(len(places), 'stack instance')} ({example}): {why}"
        yield Line(text=text, style="yellow")


def left_json(left: Iterable[Unrepaired]) -> list[dict[str, Any]]:
    """Return what is not repaired, finding by finding."""
    return [
        {
            "stack_set": each.finding.stack_set,
            "account": each.finding.pair.account,
            "region": each.finding.pair.region,
            "kind": each.finding.kind.value,
            "what": each.finding.what,
            "property": each.finding.path or None,
            "subject": each.finding.subject or None,
            "verdict": word(each.finding.verdict),
            "why": each.why,
        }
        for each in left
    ]
