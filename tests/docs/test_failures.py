"""The table of known failures in the documentation is the one that the product reads by."""

from tests.docs.failures_page import PAGE, with_tables


def test_the_table_in_the_docs_is_the_table_of_the_product() -> None:
    """`python -m tests.docs.failures_page` brings it up to date."""
    page = PAGE.read_text()

    assert "<!-- table -->" in page
    assert with_tables(page) == page
