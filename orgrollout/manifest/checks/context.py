"""What every check works with: the manifest, what is known by name, and where to note a problem."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from orgrollout.manifest.loaded import ENABLED, HOME, LoadedManifest
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.schema import Manifest, StackSet
from orgrollout.manifest.text.document import FieldPath, Findings, problem_at
from orgrollout.manifest.text.shorthand import did_you_mean, is_close
from orgrollout.model.ids import StackSetKey


@dataclass(frozen=True, slots=True)
class Checking:
    """One manifest under check."""

    loaded: LoadedManifest
    findings: Findings

    @property
    def manifest(self) -> Manifest:
        """Return the manifest, without the entries that are broken."""
        return self.loaded.manifest

    def note(self, path: FieldPath, message: str, fix: str = "", *, key: bool = False) -> None:
        """Note a problem with what stands under a path, or with its key."""
        root = self.loaded.root
        problem = problem_at(self.findings.file, root, path, message, fix, key=key)
        self.findings.add(problem, path)

    def known(self, table: str) -> Collection[str]:
        """Return the names that a table of the manifest defines, broken entries included."""
        item = self.loaded.root.get(table)
        return item.value.keys() if item and isinstance(item.value, dict) else ()

    def is_known(self, table: str, name: str) -> bool:
        """Return whether a table of the manifest defines a name, broken entries included."""
        return self.loaded.root.get(table, name) is not None

    def is_written(self, key: str) -> bool:
        """Return whether the manifest has a key of its own, broken or misspelt included."""
        unknown = [k for k in self.loaded.root.names() if k not in Manifest.model_fields]
        return self.loaded.root.get(key) is not None or any(is_close(k, key) for k in unknown)

    def present(self) -> Iterator[tuple[StackSetKey, StackSet]]:
        """Return the stack sets that should exist."""
        for key, stack_set in self.manifest.stack_sets.items():
            if stack_set.state == "present":
                yield StackSetKey(key), stack_set

    def check_region(self, path: FieldPath, name: str, *, groups: bool = True) -> None:
        """Note a name that is neither a Region, nor `home`, nor (where they may be) a group."""
        if name in PARTITIONS or name in (HOME, ENABLED):
            return
        if groups and self.is_known("region_groups", name):
            return
        if "," in name or " " in name.strip():
            self.note(path, f"`{name}` is no Region.", "Write a list, such as [us-east-1, home].")
        else:
            kinds, hint = ("Region or region group", _OR_GROUP) if groups else ("Region", _NO_GROUP)
            names = chain(
                PARTITIONS, (HOME, ENABLED), self.known("region_groups") if groups else ()
            )
            fix = did_you_mean(name, names, hint)
            self.note(path, f"there is no {kinds} `{name}`.", fix)

    def check_account(self, path: FieldPath, name: str) -> None:
        """Note a name that is neither an account of the manifest nor an id."""
        if self.is_known("accounts", name) or re.fullmatch(r"\d{12}", name):
            return
        if re.fullmatch(r"[\d-]+", name):
            message = f"`{name}` is no account id."
            self.note(path, message, "Write twelve digits in quotes, without hyphens.")
        else:
            fix = did_you_mean(name, self.known("accounts"), _NO_SUCH_ACCOUNT)
            self.note(path, f"no account is called `{name}`.", fix)


_OR_GROUP = "Write a Region such as eu-west-1, `home`, `enabled`, or a name from region_groups."
_NO_GROUP = "Write a Region such as eu-west-1, `home`, or `enabled`."
_NO_SUCH_ACCOUNT = "Add it under accounts, or write the id in quotes."
