"""The page on `confirm` has every experiment, and a reason for every setting without one."""

import re

from orgrollout.confirm.ground import MADE_BY
from orgrollout.confirm.registry import BY_NAME
from orgrollout.sandbox import Settings
from tests.confirm.derived import PAGE, in_page, table


def test_the_table_in_the_docs_is_that_of_the_experiments() -> None:
    assert in_page() == table()


def test_every_setting_has_an_experiment_or_a_reason_why_there_is_none() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Without an experiment")[2]
    without = set(re.findall(r"^\| `([a-z_]+)` \| \S", text, re.MULTILINE))

    settings = {note.name for note in Settings.undocumented()}
    assert without == settings - set(BY_NAME)


def test_the_page_names_the_description_that_is_removed_by() -> None:
    assert f"`{MADE_BY}`" in PAGE.read_text(encoding="utf-8")
