"""Every error a user may meet. Each says what happened, how things stand, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class OrgRolloutError(Exception):
    """Something went wrong that a user can do something about."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a manifest or a template, and where. Lines and columns count from 1."""

    message: str
    file: str
    line: int | None = None
    column: int | None = None
    field: str = ""  # dotted path, e.g. stack_sets.config.regions[0]
    fix: str = ""

    def __str__(self) -> str:
        place = ":".join(str(p) for p in (self.file, self.line, self.column) if p is not None)
        field = f"{self.field}: " if self.field else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{place}: {field}{self.message}{fix}"


class ManifestError(OrgRolloutError):
    """The manifest, or what it refers to, cannot be used. Nothing was sent to AWS."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
