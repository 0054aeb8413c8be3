"""Coverage as SARIF 2.1.0 (OASIS): what is wrong, where the manifest wants it otherwise.

A result stands at the line of its stack set in the manifest; the account and Region are its logical
location. Its fingerprint is the same from run to run while the pair stays in that state, so that
code scanning closes what is repaired. GitHub shows the first 5,000 results of a run and takes at
most 25,000 (GitHub docs, "SARIF support for code scanning").
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from orgrollout import __version__
from orgrollout.model.ids import StackSetKey
from orgrollout.model.shown import visible
from orgrollout.organization.snapshot import Organization
from orgrollout.report.exchange.verdict import POSTURE, Verdict, problem, verdict
from orgrollout.rollout.coverage import CoverageRow, CoverageState

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MEANINGS: Mapping[str, str] = {
    CoverageState.OUTDATED: "The stack instance does not have what the manifest says.",
    CoverageState.PENDING: "A later part of an open rollout will change it.",
    CoverageState.FAILED: "The last operation failed.",
    CoverageState.BLOCKED: "A policy keeps the operation from being done.",
    CoverageState.MISSING: "There is no stack instance, though the manifest wants one.",
    CoverageState.DRIFTED: "A resource was changed outside of CloudFormation.",
    CoverageState.IN_PROGRESS: "An operation is under way.",
    CoverageState.INOPERABLE: "CloudFormation cannot work on the stack instance any more.",
    CoverageState.ORPHANED: "A stack instance that the manifest does not want.",
    CoverageState.UNKNOWN: "The journal does not say how it stood then.",
    POSTURE: "A check finds what drift detection cannot see.",
}
_UNDER_WAY = frozenset({CoverageState.PENDING.value, CoverageState.IN_PROGRESS.value})
_LESSER = frozenset({CoverageState.OUTDATED.value, CoverageState.ORPHANED.value})


def sarif_lines(
    rows: Iterable[CoverageRow],
    organization: Organization,
    manifest: str,
    places: Mapping[StackSetKey, int],
) -> Iterator[str]:
    """Yield the document line by line, a line for each result.

    ``manifest`` is the path as code scanning knows it, ``places`` the lines of its stack sets.
    """
    driver = {
        "name": "orgrollout",
        "version": __version__,
        "rules": [
            {"id": kind, "shortDescription": {"text": text}} for kind, text in MEANINGS.items()
        ],
    }
    yield f'{{"$schema": {json.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{'
    yield f'"tool": {{"driver": {json.dumps(driver)}}}, "results": ['
    before = ""
    for row in rows:
        if verdict(row) is Verdict.WRONG:
            place = places.get(row.stack_set, 1)
            yield before + json.dumps(_result(row, organization, manifest, place))
            before = ","
    yield "]}]}"


def _result(
    row: CoverageRow, organization: Organization, manifest: str, line: int
) -> dict[str, Any]:
    kind, reason = problem(row)
    account, region = row.pair
    known = organization.accounts.get(account)
    name = f"{known.name} {account}" if known else account
    place = f"{row.stack_set}/{account}/{region}"
    text = f"{row.stack_set}: {name} {region} is {kind.replace('_', ' ')}"
    return {
        "ruleId": kind,
        "level": _level(kind),
        "message": {"text": visible(f"{text}: {reason}" if reason else f"{text}.")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(manifest)},
                    "region": {"startLine": line},
                },
                "logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {
            "stackInstanceState/v1": hashlib.sha256(f"{place} {kind}".encode()).hexdigest()
        },
    }


def _level(kind: str) -> str:
    if kind in _UNDER_WAY:
        return "note"
    return "warning" if kind in _LESSER else "error"
