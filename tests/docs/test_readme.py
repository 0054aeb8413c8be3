"""What the README says is true: its output is real, and its links lead somewhere."""

import re

from tests.docs.demo import LEFT_OUT, README, in_readme, printed, shortened
from tests.paths import ROOT


def test_the_demo_in_the_readme_is_what_the_demo_prints() -> None:
    lines = printed()
    shown = in_readme()

    assert shown == shortened(lines)
    assert {line for line in shown.splitlines() if line != LEFT_OUT} <= set(lines)


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
        path = ROOT / target
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", t).strip().lower().replace(" ", "-") for t in titles}
            assert anchor in slugs, f"{target}#{anchor}"
