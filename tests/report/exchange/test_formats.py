"""JUnit and SARIF: what is wrong is told, what is good is counted, whatever names there are."""

import json
import re
from dataclasses import replace
from typing import Any, get_args
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.cli.options.shared import CoverageFormat
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.report.exchange.junit import junit_lines
from orgrollout.report.exchange.sarif import MEANINGS, sarif_lines
from orgrollout.report.exchange.verdict import LEFT_OUT, POSTURE, Verdict, verdict
from orgrollout.rollout.coverage import CoverageRow, CoverageState
from tests.paths import DOCS

ACCOUNT, HOME = AccountId("111122223333"), Region("us-east-1")
ROOT = UnitId("r-ab12")
KEY = StackSetKey("topics")
HOSTILE = (
    '"><script>x</script>',
    "\x1b[31m\x00\x07",
    "\u202eevil",
    "&amp;\ud800",
    "a" * 10_000,
    "]]>",
)


def organization(name: str = "shop") -> Organization:
    account = Account(id=ACCOUNT, name=name, state=AccountState.ACTIVE, parent=ROOT, joined=None)
    return Organization(
        id="o-a1b2c3d4e5",
        management_account=ACCOUNT,
        root=ROOT,
        units={ROOT: Unit(id=ROOT, name="Root", parent=None, path="/")},
        accounts={ACCOUNT: account},
    )


def row(state: CoverageState, reason: str = "") -> CoverageRow:
    return CoverageRow(stack_set=KEY, pair=Pair(ACCOUNT, HOME), state=state, reason=reason)


EVERY = [row(state) for state in CoverageState]


def junit(rows: list[CoverageRow], name: str = "shop") -> Element:
    return fromstring("\n".join(junit_lines(rows, organization(name))))  # noqa: S314 - our own


def sarif(rows: list[CoverageRow], name: str = "shop") -> Any:
    made = sarif_lines(rows, organization(name), "a folder/baseline.yaml", {KEY: 7})
    return json.loads("\n".join(made))["runs"][0]


def test_every_row_is_a_case_and_the_counts_add_up() -> None:
    suite = junit(EVERY)[0]
    assert suite.get("name") == "topics"
    counts = {name: int(suite.get(name, "")) for name in ("tests", "failures", "skipped")}
    assert counts["tests"] == len(suite.findall("testcase")) == len(CoverageState)
    assert counts["failures"] == len(suite.findall("testcase/failure"))
    assert counts["skipped"] == len(suite.findall("testcase/skipped")) == len(LEFT_OUT)
    assert counts["tests"] == counts["failures"] + counts["skipped"] + 1  # only `current` is good


def test_what_is_wrong_tells_its_state_and_its_reason() -> None:
    failure = junit([row(CoverageState.FAILED, "Rate exceeded")]).find(".//failure")
    assert failure is not None
    assert failure.attrib == {"type": "failed", "message": "Rate exceeded"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_reasons_of_others_are_text(name: str) -> None:
    rows = [row(CoverageState.FAILED, name)]
    case, failure = junit(rows, name).find(".//testcase"), junit(rows, name).find(".//failure")
    assert case is not None
    assert failure is not None
    for text in (case.get("name", ""), failure.get("message", "")):
        assert text.isprintable()
    message = sarif(rows, name)["results"][0]["message"]["text"]
    assert message.isprintable()


@given(st.lists(st.sampled_from(EVERY), max_size=40))
def test_both_formats_tell_of_the_same_rows(rows: list[CoverageRow]) -> None:
    wrong = sum(verdict(each) is Verdict.WRONG for each in rows)
    assert len(junit(rows).findall(".//failure")) == wrong
    assert len(sarif(rows)["results"]) == wrong


def test_a_current_stack_instance_with_a_broken_posture_is_wrong() -> None:
    seen = PostureSeen(state=PostureState.BROKEN, reason="vpc-1 has no flow log")
    broken = replace(row(CoverageState.CURRENT), posture=seen)
    result = sarif([broken])["results"][0]
    assert result["ruleId"] == POSTURE
    assert "vpc-1 has no flow log" in result["message"]["text"]
    assert len(junit([broken]).findall(".//failure")) == 1


def test_a_result_stands_at_its_stack_set_in_the_manifest() -> None:
    place = sarif([row(CoverageState.MISSING)])["results"][0]["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20folder/baseline.yaml"},
        "region": {"startLine": 7},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "topics/111122223333/us-east-1"


def test_a_fingerprint_stays_while_the_pair_stays_in_its_state() -> None:
    def print_of(each: CoverageRow) -> str:
        return str(sarif([each])["results"][0]["partialFingerprints"]["stackInstanceState/v1"])

    failed = row(CoverageState.FAILED, "one reason")
    assert print_of(failed) == print_of(replace(failed, reason="another"))
    assert print_of(failed) != print_of(row(CoverageState.MISSING))


def test_every_kind_of_result_has_a_rule() -> None:
    rules = {rule["id"] for rule in sarif([])["tool"]["driver"]["rules"]}
    wrong = {state.value for state in CoverageState} - {s.value for s in LEFT_OUT} - {"current"}
    assert rules == wrong | {POSTURE} == {str(kind) for kind in MEANINGS}


def test_the_page_of_coverage_explains_every_state_and_format() -> None:
    page = (DOCS / "coverage.md").read_text()
    states = re.findall(r"^\| `([a-z_]+)` \| [A-Z]", page, re.MULTILINE)
    assert sorted(states) == sorted(state.value for state in CoverageState)
    assert set(re.findall(r"^\| `(\w+)` \| [a-z]", page, re.MULTILINE)) == set(
        get_args(CoverageFormat)
    )
