"""Coverage as JUnit XML: one test suite per stack set, one test case per account and Region.

The format is what CI systems agree on: ``testsuites``, ``testsuite``, ``testcase``, ``failure``,
``skipped`` (Jenkins, xUnit plugin, junit-10.xsd).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, tostring

from orgrollout.model.shown import visible
from orgrollout.organization.snapshot import Organization
from orgrollout.report.exchange.verdict import Verdict, problem, verdict
from orgrollout.rollout.coverage import CoverageRow


def junit_lines(rows: Sequence[CoverageRow], organization: Organization) -> Iterator[str]:
    """Yield the document line by line; the rows of a stack set stand together."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="orgrollout coverage" {_counts(rows)}>'
    for stack_set, of_set in groupby(rows, key=lambda row: row.stack_set):
        yield from _suite(stack_set, tuple(of_set), organization)
    yield "</testsuites>"


def _suite(
    stack_set: str, rows: Sequence[CoverageRow], organization: Organization
) -> Iterator[str]:
    opened = tostring(Element("testsuite", name=visible(stack_set)), encoding="unicode")
    yield f"  {opened.removesuffix(' />')} {_counts(rows)}>"
    for row in rows:
        yield f"    {tostring(_case(row, organization), encoding='unicode')}"
    yield "  </testsuite>"


def _case(row: CoverageRow, organization: Organization) -> Element:
    account = organization.accounts.get(row.pair.account)
    name = f"{account.name} " if account else ""
    found = Element(
        "testcase",
        classname=visible(row.stack_set),
        name=visible(f"{name}{row.pair.account} {row.pair.region}"),
    )
    match verdict(row):
        case Verdict.WRONG:
            kind, reason = problem(row)
            SubElement(found, "failure", type=kind, message=visible(reason or kind))
        case Verdict.LEFT_OUT:
            SubElement(found, "skipped", message=visible(row.reason or row.state.value))
        case Verdict.GOOD:
            pass
    return found


def _counts(rows: Iterable[CoverageRow]) -> str:
    counted = Counter(verdict(row) for row in rows)
    return (
        f'tests="{counted.total()}" failures="{counted[Verdict.WRONG]}" '
        f'skipped="{counted[Verdict.LEFT_OUT]}"'
    )
