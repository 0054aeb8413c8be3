"""What the README says is true: its output and its picture are real, its links lead somewhere."""

import re

import pytest
from rich.text import Text

from tests.docs.demo import LEFT_OUT, README, in_readme, plain, recorded, shortened
from tests.docs.picture import PICTURE, drawn
from tests.paths import ROOT


@pytest.fixture(scope="module")
def demo() -> list[Text]:
    return recorded()


@pytest.mark.slow
def test_the_demo_in_the_readme_is_what_the_demo_prints(demo: list[Text]) -> None:
    """`python -m tests.docs.demo` brings it up to date."""
    shown = in_readme()

    assert shown == shortened(plain(demo))
    assert {line for line in shown.splitlines() if line != LEFT_OUT} <= set(plain(demo))


@pytest.mark.slow
def test_the_picture_in_the_readme_is_what_the_demo_prints(demo: list[Text]) -> None:
    """`python -m tests.docs.picture` brings it up to date."""
    assert PICTURE.read_text(encoding="utf-8") == drawn(demo)
    assert f"]({PICTURE.relative_to(ROOT).as_posix()})" in README.read_text(encoding="utf-8")


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    """A README is read offline and in private repositories."""
    picture = PICTURE.read_text(encoding="utf-8")

    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]
    assert "@font-face" not in picture
    assert "url(http" not in picture


def test_the_demo_names_the_skipped_accounts_the_retried_one_and_the_waves() -> None:
    shown = in_readme()

    assert "identity_test 106934918181 (account is SUSPENDED), intranet" in shown
    assert "tried again, attempt 2" in shown
    assert re.search(r"^ *throttled .*retried, done", shown, re.MULTILINE)
    assert re.search(r"^1 canary +account-roles", shown, re.MULTILINE)


def test_links_in_the_readme_lead_somewhere() -> None:
    text = README.read_text()
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", text)

    assert len(links) > 5
    for target, anchor in links:
        if target.startswith("https://"):
            continue
        path = ROOT / target
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", t).strip().lower().replace(" ", "-") for t in titles}
            assert anchor in slugs, f"{target}#{anchor}"
