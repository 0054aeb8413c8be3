"""Other names fit together as the originals did, and have nothing of them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgrollout.aws.recording.pseudonyms import Pseudonyms

WORDS = re.compile(r"[^\W_]+")
PUBLIC = frozenset({"arn", "aws", "cloudformation", "us", "east", "StackSet", "stackset", "stack"})


@pytest.fixture
def names() -> Pseudonyms:
    return Pseudonyms(PUBLIC)


def test_what_is_made_of_a_name_is_made_of_its_other_name(names: Pseudonyms) -> None:
    """A replayed request names a stack of the stack set that the sandbox made."""
    name = names.text("acme-payments")
    uuid = names.text("0a1b2c3d-0000-1111-2222-333344445555")

    stack = names.text("StackSet-acme-payments-0a1b2c3d-0000-1111-2222-333344445555")

    assert name == "w1-w2"
    assert stack == f"StackSet-{name}-{uuid}"


def test_an_arn_keeps_its_form(names: Pseudonyms) -> None:
    arn = "arn:aws:cloudformation:us-east-1:111122223333:stackset/acme:x1"

    assert names.text(arn) == "arn:aws:cloudformation:us-east-1:900000000001:stackset/w1:w2"


def test_a_unit_is_still_one_of_its_root(names: Pseudonyms) -> None:
    root = names.text("r-ab12")

    assert names.text("o-a1b2c3d4e5/r-ab12/ou-ab12-c3d4e5f6/") == (
        f"o-0000000001/{root}/ou-{root.removeprefix('r-')}-00000001/"
    )


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("mia@acme.com", "mail1@example.com"),
        ("logs-111122223333-x", "w1-900000000001-w2"),
        ("logs111122223333x", "w1900000000001w2"),
        ("AWS::Config::Rule of acme", "AWS::Config::Rule w1 w2"),
        ("retain 365 days", "w1 365 w2"),
        ("call 49301234567", "w1 99999999991"),
        ("from 54.1.2.3/32 or 0.0.0.0/0", "w1 10.0.0.1/32 w2 0.0.0.0/0"),
        ("Köln_Süd", "w1_w2"),
        ("", ""),
    ],
)
def test_each_kind_of_text(names: Pseudonyms, text: str, other: str) -> None:
    assert names.text(text) == other


def test_what_is_longer_than_an_address_is_replaced_word_by_word(names: Pseudonyms) -> None:
    """The parts of an address are bounded, else a long text takes the square of its length."""
    assert names.text(f"{'a' * 65}@acme.org") == "w1@w2.w3"
    assert names.text(f"{'a' * 64}@acme.org") == "mail1@example.com"
    assert names.text("a-" * 20_000) == "w4-" * 20_000


OURS = re.compile(r"(w|mail)\d+|example|com|ou|r|o|a?\d{12}|9*\d{1,7}|0{4,9}\d+|8000|4000")


@settings(derandomize=True, max_examples=100)
@given(st.text(), st.text(st.characters(categories=("L", "N")), min_size=3))
def test_no_word_stays_that_is_not_public(text: str, word: str) -> None:
    """What is left of a text is what stands between its words, and numbers that name nothing."""
    other = Pseudonyms(frozenset()).text(f"{text} {word}-{text}@{word}")

    assert [each for each in WORDS.findall(other) if not OURS.fullmatch(each)] == []


@settings(derandomize=True, max_examples=50)
@given(st.lists(st.from_regex(r"[0-9]{12}", fullmatch=True), unique=True, max_size=20))
def test_accounts_stay_apart(accounts: list[str]) -> None:
    names = Pseudonyms(frozenset())

    others = [names.text(account) for account in accounts]

    assert len(set(others)) == len(accounts)
    assert others == [names.text(account) for account in accounts]
    assert all(len(other) == 12 and other.isdecimal() for other in others)
