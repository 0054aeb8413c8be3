"""The table in docs/failures.md, written from the product's own: run as a module to renew it."""

from orgrollout.model.cause import Cause
from orgrollout.rollout.failures.known_failures import KNOWN
from orgrollout.rollout.failures.known_failures.known import Known
from orgrollout.rollout.failures.own_verdicts import MEANINGS
from orgrollout.rollout.state.failure_classes import FailureClass, Reading
from tests.paths import DOCS

PAGE = DOCS / "failures.md"
_BEGIN, _END = "<!-- table -->\n", "<!-- end of table -->\n"
_CODES = 6  # in one row; the rest is counted


def with_tables(page: str) -> str:
    """Return the page with the tables as they are now."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + "\n".join([*_of_aws(), "", *_of_ours()]) + "\n" + _END + after


def _of_aws() -> list[str]:
    rows = ["| reason | codes | class | tries | what to do | source |", "|---|---|---|---|---|---|"]
    return rows + [
        f"| {row.name} | {_codes(row)} | {row.reading.kind} | {_tries(row.reading)} | "
        f"{_cell(row.reading.advice)} | {_cell(row.source)} |"
        for row in KNOWN
    ]


def _of_ours() -> list[str]:
    rows = ["| verdict of ours | class | tries | what to do |", "|---|---|---|---|"]
    return rows + [
        f"| {cause.value}{' (*)' if meaning.by_words else ''} | {meaning.reading.kind} | "
        f"{_tries(meaning.reading)} | {_cell(meaning.reading.advice)} |"
        for cause in Cause
        for meaning in (MEANINGS[cause],)
        if meaning.reading.kind is not FailureClass.CANCELLED
    ]


def _codes(row: Known) -> str:
    codes = sorted(row.codes)
    more = f" and {len(codes) - _CODES} more" if len(codes) > _CODES else ""
    by = ", ".join(f"`{code}`" for code in codes[:_CODES]) + more
    return by or ("words, wherever they stand" if row.everywhere else "words")


def _tries(reading: Reading) -> str:
    if reading.attempts is not None:
        return str(reading.attempts)
    return "`retry.attempts`" if reading.kind.is_retried else "1"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "nothing: it is tried again"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
