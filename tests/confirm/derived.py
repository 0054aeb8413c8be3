"""The table of experiments in the documentation; `python -m tests.confirm.derived` writes it."""

from orgrollout.confirm.experiment import Need
from orgrollout.confirm.registry import EXPERIMENTS
from orgrollout.model.behaviour import Value
from tests.paths import DOCS

PAGE = DOCS / "confirm.md"
BEGIN = "<!-- experiments: `python -m tests.confirm.derived` -->\n"
END = "<!-- end -->"
_OPTIONS = {Need.ROLE: "`--role`", Need.SUSPENDED: "`--suspended`"}


def table() -> str:
    """Return the table as the page has it."""
    rows = ["| experiment | asks | needs | under each answer |", "|---|---|---|---|"]
    for each in EXPERIMENTS:
        answers = "; ".join(f"{_shown(value)}: {text}" for value, text in each.under.items())
        needs = ", ".join(_OPTIONS[need] for need in Need if need in each.needs)
        rows.append(f"| `{each.name}` | {each.question} | {needs} | {answers} |")
    return "\n".join(rows) + "\n"


def in_page() -> str:
    """Return the table that the page has."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value else "(empty)"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{begin}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
