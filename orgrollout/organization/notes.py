"""Notes in a template's metadata for the operator to read before it is rolled out."""

import re
from collections.abc import Collection, Iterator

from orgrollout.manifest.template.template import TemplateMetadata
from orgrollout.model.ids import Pair
from orgrollout.organization.regions import StackSetRegions


def notes_of(
    metadata: TemplateMetadata, regions: StackSetRegions, pairs: Collection[Pair]
) -> tuple[str, ...]:
    """Return what a stack set costs, what it leaves behind, and which Regions it cannot go to."""
    return tuple(_notes(metadata, regions, pairs))


def _notes(
    metadata: TemplateMetadata, regions: StackSetRegions, pairs: Collection[Pair]
) -> Iterator[str]:
    if metadata.costs:
        yield f"costs: {_counted(metadata.costs, pairs)}"
    if metadata.leaves_behind:
        yield f"leaves behind: {_counted(metadata.leaves_behind, pairs)}"
    for gap in metadata.region_gaps:
        missed = [r for r in regions.regions if r in gap.regions and r not in regions.own]
        if missed:
            yield f"left out in {', '.join(missed)}: {gap.reason}"


def _counted(text: str, pairs: Collection[Pair]) -> str:
    """Return the text with its counts filled in; other braces are the template's own."""
    counts = {
        "pairs": len(pairs),
        "accounts": len({pair.account for pair in pairs}),
        "regions": len({pair.region for pair in pairs}),
    }
    for name, count in counts.items():
        if count == 1:  # `{accounts} accounts`: a noun that follows is singular, too
            text = re.sub(rf"\{{{name}\}} (\w+?)s\b", r"1 \1", text)
        text = text.replace(f"{{{name}}}", f"{count:,}")
    return text
