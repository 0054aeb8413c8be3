"""Everything wrong with what a manifest refers to, collected so that it is all told at once."""

from orgrollout.errors import ManifestError, Problem
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import OnProblem
from orgrollout.manifest.text.document import FieldPath, dotted


class Findings:
    """Problems and warnings. A target that several stack sets share is reported once."""

    def __init__(self, loaded: LoadedManifest) -> None:
        self._loaded = loaded
        self._problems: dict[Problem, None] = {}
        self._warnings: dict[str, None] = {}
        self.reports = 0  # of problems, those that were reported before included

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the warnings, each once, in the order they were found."""
        return tuple(self._warnings)

    def error(self, path: FieldPath, message: str, fix: str = "") -> None:
        """Add a problem of the field at ``path``."""
        self.reports += 1
        self._problems[self._loaded.problem(path, message, fix)] = None

    def warn(self, path: FieldPath, message: str) -> None:
        """Add a warning about the field at ``path``."""
        self._warnings[f"{dotted(self._loaded.written(path))}: {message}"] = None

    def report(self, policy: OnProblem, path: FieldPath, message: str, fix: str = "") -> None:
        """Add what a guard makes of it: a problem, a warning, or nothing."""
        if policy is OnProblem.ERROR:
            self.error(path, message, fix)
        elif policy is OnProblem.WARN:
            self.warn(path, message)

    def raise_problems(self) -> None:
        """Raise everything that was found wrong, if anything was."""
        if self._problems:
            raise ManifestError(tuple(self._problems))
