"""Values with a form of their own, Regions, and the values of `${...}`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from orgrollout.manifest.checks.values import why_refused, why_unchecked
from orgrollout.manifest.regions import OPT_IN, PARTITIONS, is_opt_in
from orgrollout.manifest.template.template import TemplateParameter
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.text.substitution import references, substitute
from orgrollout.manifest.text.values import budget, duration
from orgrollout.model.domains import DOMAINS


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("1h30m", timedelta(minutes=90)),
        ("3d", timedelta(days=3)),
        ("0s", timedelta()),
        ("PT30M", timedelta(minutes=30)),
        ("P1DT2H", timedelta(hours=26)),
    ],
)
def test_durations_are_read(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "30", "-1h", "1.5h", "30m1h", "P", "PT", "P1M", "h", "1 h", "30M"]
)
def test_a_text_that_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        duration(text)


@pytest.mark.parametrize("value", ["", "5 %", "101%", "-1", "5.5", True, None, [5]])
def test_a_text_that_is_not_a_failure_budget_is_refused(value: object) -> None:
    with pytest.raises(PydanticCustomError):
        budget(value)


def test_failure_budgets_are_read() -> None:
    assert [budget(value) for value in (0, 12, "12", "5%", "100%")] == [
        "0",
        "12",
        "12",
        "5%",
        "100%",
    ]


def test_references_are_replaced_and_escaped_ones_are_not() -> None:
    values = {"home_region": "us-east-1", "accounts.a": "111122223333"}
    text = "x-${accounts.a}-${home_region}-$${aws:username}-$5-${"
    assert references(text) == ("accounts.a", "home_region")
    assert substitute(text, values) == "x-111122223333-us-east-1-${aws:username}-$5-${"
    with pytest.raises(KeyError):
        substitute("${nobody}", values)


@given(st.text(alphabet="${}ab.:", max_size=40))
def test_a_text_with_known_references_can_be_substituted(text: str) -> None:
    names = references(text)
    assert substitute(text, dict.fromkeys(names, "")).count("${") <= text.count("${")


def _endpoints(name: str) -> Any:
    return json.loads((Path(botocore.__file__).parent / "data" / name).read_text())


def test_regions_and_partitions_are_those_that_boto3_knows() -> None:
    expected: dict[str, str] = {}
    for partition in _endpoints("endpoints.json")["partitions"]:
        expected |= dict.fromkeys(partition["regions"], partition["partition"])
    for partition in _endpoints("partitions.json")["partitions"]:
        regions = [region for region in partition["regions"] if not region.endswith("-global")]
        expected |= dict.fromkeys(regions, partition["id"])
    assert expected == PARTITIONS


def test_domains_of_partitions_are_those_that_boto3_knows() -> None:
    known = _endpoints("endpoints.json")["partitions"]
    assert {each["partition"]: each["dnsSuffix"] for each in known} == DOMAINS


def test_seventeen_regions_are_enabled_from_the_start() -> None:
    """The number that AWS documents for accounts that opted in to nothing."""
    commercial = {region for region, partition in PARTITIONS.items() if partition == "aws"}
    assert len(commercial - OPT_IN) == 17
    assert is_opt_in("af-south-1")
    assert not is_opt_in("us-east-1")


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        (TemplateParameter(name="A", type="List<Number>"), "1,x", "`x` is no number."),
        (TemplateParameter(name="A", type="Number", min_value=5), "4", "4 is too small."),
        (TemplateParameter(name="A", type="Number"), "1_0", "`1_0` is no number."),
        (TemplateParameter(name="A", min_length=2), "x", "`x` is too short."),
        (TemplateParameter(name="A", max_length=2), "xyz", "`xyz` is too long."),
        (TemplateParameter(name="A", allowed_pattern="a|ab"), "abc", "`abc` does not match a|ab."),
        (
            TemplateParameter(name="A", allowed_values=("a",)),
            "b",
            "the template does not take `b`.",
        ),
    ],
)
def test_values_that_a_template_does_not_allow_are_refused(
    parameter: TemplateParameter, text: str, message: str
) -> None:
    refused = why_refused(parameter, text)
    assert refused is not None
    assert refused[0] == message


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (TemplateParameter(name="A", type="Number", min_value=5), "5.0"),
        (TemplateParameter(name="A", type="CommaDelimitedList", allowed_values=("a", "b")), "a, b"),
        (TemplateParameter(name="A", allowed_pattern="a|ab"), "ab"),
        (TemplateParameter(name="A", allowed_pattern=r"\p{Alpha}+"), "whatever Java takes"),
    ],
)
def test_values_that_a_template_allows_are_accepted(
    parameter: TemplateParameter, text: str
) -> None:
    assert why_refused(parameter, text) is None


ENDLESS = (
    "(a+)+$",
    "(a|aa)+$",
    "((a)+)+$",
    "(?:a*)*b",
    "([a-z]+)*$",
    "(a+){2,}$",
    "(?P<x>a?)*b",
    r"([^()]+|\))*$",
    ".*.*.*.*.*b",
)


@pytest.mark.parametrize("pattern", ENDLESS)
def test_no_pattern_of_a_template_takes_long(pattern: str) -> None:
    """A match in Python cannot be interrupted; CloudFormation checks the value in any case."""
    parameter = TemplateParameter(name="A", allowed_pattern=pattern)
    text = f"{'a' * 400}!"

    assert why_refused(parameter, text) is None
    assert why_unchecked(parameter, text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}$", "x" * 80),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", "not_a_bucket"),
        (r"^(\d{1,3}\.){3}\d{1,3}$", "10.0.0.x"),
        ("[a-zA-Z0-9]*", "x" * 4000 + "!"),
        (r"[()*+|]+", "abc"),
        ("^$|^o-[a-z0-9]{10,32}$", "o-x"),
    ],
)
def test_common_patterns_are_checked(pattern: str, text: str) -> None:
    parameter = TemplateParameter(name="A", allowed_pattern=pattern)

    assert why_unchecked(parameter, text) is None
    assert why_refused(parameter, text) is not None


def test_a_hint_ignores_case_and_lists_all_names_if_none_is_near() -> None:
    assert did_you_mean("nameprefix", ["NamePrefix", "Days"]) == "Did you mean `NamePrefix`?"
    assert did_you_mean("zzz", ["NamePrefix", "Days"]) == "Known: Days, NamePrefix."
    assert did_you_mean("zzz", ["NamePrefix"], "Remove it.") == "Remove it."
