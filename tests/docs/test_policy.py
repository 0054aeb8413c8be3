"""The policy that the documentation shows is the one that is printed.

`tests/cli/actions/test_bootstrap.py` compares it with the calls that are made, `tests/aws` with the
code that makes them.
"""

from tests.docs.policy import PAGE, with_policy


def test_the_policy_of_planners_in_the_docs_is_the_one_that_is_printed() -> None:
    """`python -m tests.docs.policy` brings it up to date."""
    page = PAGE.read_text()

    assert "<!-- planner -->" in page
    assert with_policy(page) == page
