"""Plants each mistake into a copy of the templates and runs the check that should notice.

Runs as ``python -m tests.templates.support.mutations``; prints the tables of the pages that show
them, and exits 1 if a mistake goes unnoticed. With ``--how`` it tells what the check said.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path

import yaml

from tests.templates.support.reading import Templates, parse

Check = Callable[[Templates], None]
_BASELINE = ("structure", "config", "runbook", "untidy", "roles", "buckets", "ensure", "resync")
_PROTECTION = ("tamper_events", "tamper_bus")
_ARCHIVE = ("athena", "athena_queries")
_MODULES = (*_BASELINE, *_PROTECTION, *_ARCHIVE, "conformance", "single_account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One wrong edit."""

    what: str
    check: str  # the number of the check that notices
    template: str
    old: str
    new: str

    def planted(self, templates: Templates) -> Templates:
        """Return the templates with this mistake, made wherever its text stands.

        Raises:
            LookupError: The text is not there.
            YAMLError: The result is no template, so that anything would notice.
        """
        text = templates.text(self.template)
        if self.old not in text:
            raise LookupError(f"{self.what}: nothing to replace in {self.template}")
        wrong = text.replace(self.old, self.new.replace("{x40000}", "x" * 40_000))
        parse(wrong)
        return templates.replaced(self.template, wrong)


def _read(name: str) -> tuple[Mistake, ...]:
    text = Path(__file__).parents[1].joinpath(name).read_text("utf-8")
    return tuple(Mistake(**each) for each in yaml.safe_load(text))


BY_PAGE = {
    "baseline.md": _read("mistakes.yaml"),
    "protection.md": _read("mistakes-protection.yaml"),
    "archive.md": _read("mistakes-archive.yaml"),
    "rules.md": _read("mistakes-rules.yaml"),
    "single-account.md": _read("mistakes-single-account.yaml"),
}
"""The mistakes by the page of docs/ that shows them."""
MISTAKES = tuple(each for mistakes in BY_PAGE.values() for each in mistakes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which test noticed a mistake, and how; none if it went unnoticed."""

    mistake: Mistake
    noticed_by: str | None = None
    how: str = ""


def checks(number: str) -> Iterator[tuple[str, Check]]:
    """Yield the tests of one check that judge templates and need nothing else."""
    for module in (import_module(f"tests.templates.test_{name}") for name in _MODULES):
        for name, test in vars(module).items():
            if name.startswith(f"test_check_{number}_"):
                yield name, test


def judge(mistake: Mistake, templates: Templates) -> Verdict:
    """Return what the check named by the mistake makes of it.

    Raises:
        LookupError: The mistake could not be planted, or no such check exists.
    """
    planted = mistake.planted(templates)
    tests = list(checks(mistake.check))
    if not tests:
        raise LookupError(f"no check {mistake.check}")
    for name, test in tests:
        try:
            with redirect_stdout(StringIO()):
                test(planted)
        # Whatever stops a check would stop it in the test run as well.
        except Exception as error:  # noqa: BLE001
            return Verdict(mistake, name, _first_line(error))
        except BaseException as error:
            # pytest.raises reports what did not happen by one that is no Exception.
            if type(error).__name__ != "Failed":
                raise
            return Verdict(mistake, name, _first_line(error))
    return Verdict(mistake)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def table(verdicts: list[Verdict]) -> str:
    """Return the result as Markdown."""
    rows = [
        f"| {v.mistake.what} | {v.mistake.template} | {v.mistake.check if v.noticed_by else 'NO'} |"
        for v in verdicts
    ]
    return "\n".join(["| planted mistake | template | noticed by check |", "|---|---|---|", *rows])


def main() -> int:
    """Judge all mistakes."""
    credentials = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    os.environ.update(credentials, AWS_DEFAULT_REGION="us-east-1")
    templates = Templates.shipped()
    told = [tell(page, [judge(each, templates) for each in BY_PAGE[page]]) for page in BY_PAGE]
    return 0 if all(told) else 1


def tell(page: str, verdicts: list[Verdict]) -> bool:
    """Print what became of a page's mistakes; return whether all were noticed."""
    noticed = sum(1 for each in verdicts if each.noticed_by)
    print(f"\n{page}\n")
    if "--how" in sys.argv:
        print("\n".join(f"{v.mistake.what}: {v.noticed_by}: {v.how[:150]}" for v in verdicts))
    else:
        print(table(verdicts))
    print(f"\n{noticed} of {len(verdicts)} planted mistakes are noticed.")
    return noticed == len(verdicts)


if __name__ == "__main__":
    sys.exit(main())
