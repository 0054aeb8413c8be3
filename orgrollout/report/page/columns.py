"""The ledger as columns: each text once, each row a number in each column.

At 170,000 rows, a list of objects would take thirty times the space and time.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.organization.snapshot import Organization, Unit
from orgrollout.report.layout.words import iso

NO_UNIT = "(no longer in the organization)"


class Texts:
    """Texts, each of which has a number."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        for text in known:
            self.number(text)

    def number(self, text: str) -> int:
        """Return the number of a text, a new one for a new text."""
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def listed(self) -> list[str]:
        """Return all texts in the order of their numbers."""
        return list(self._numbers)


class Places:
    """Units and accounts, each with a number; a unit comes after the one it is in."""

    def __init__(self) -> None:
        self._units: dict[str, int] = {}
        self._unit_rows: list[tuple[str, int]] = []
        self._accounts: dict[str, int] = {}
        self._account_rows: list[tuple[str, int, str]] = []

    @classmethod
    def of(cls, organization: Organization) -> "Places":
        """Return the places of an organization, empty units included."""
        places = cls()
        for unit in sorted(organization.units.values(), key=lambda each: each.path):
            places.add_unit(organization, unit)
        for account in sorted(organization.accounts.values(), key=lambda each: each.id):
            path = organization.units[account.parent].path
            places.add(account.id, account.name, path, account.state.value)
        return places

    def add_unit(self, organization: Organization, unit: Unit) -> None:
        """Add a unit of an organization, after those above it; a name may hold a slash."""
        if unit.path in self._units:
            return
        parent = -1
        if unit.parent is not None:
            above = organization.units[unit.parent]
            self.add_unit(organization, above)
            parent = self._units[above.path]
        self._units[unit.path] = len(self._unit_rows)
        self._unit_rows.append((unit.name if parent >= 0 else unit.path, parent))

    def unit(self, path: str) -> int:
        """Return the number of a unit by its path; those above it are made first."""
        if path not in self._units:
            above, _, name = path.rpartition("/")
            is_root = path == "/" or not path.startswith("/")
            parent = -1 if is_root else self.unit(above or "/")
            self._units[path] = len(self._unit_rows)
            self._unit_rows.append((path if is_root else name, parent))
        return self._units[path]

    def add(self, account: str, name: str, path: str, state: str = "") -> int:
        """Return the number of an account, which is added if it is new."""
        if account not in self._accounts:
            self._accounts[account] = len(self._account_rows)
            self._account_rows.append((name, self.unit(path), state))
        return self._accounts[account]

    def account(self, account: AccountId) -> int:
        """Return the number of an account; one that is unknown is in no unit."""
        found = self._accounts.get(account)
        return self.add(account, "", NO_UNIT) if found is None else found

    def as_json(self) -> dict[str, Any]:
        """Return units and accounts as columns."""
        states = Texts()
        return {
            "units": {
                "name": [name for name, _ in self._unit_rows],
                "parent": [parent for _, parent in self._unit_rows],
            },
            "accounts": {
                "id": list(self._accounts),
                "name": [name for name, _, _ in self._account_rows],
                "unit": [unit for _, unit, _ in self._account_rows],
                "state": [states.number(state) for _, _, state in self._account_rows],
            },
            "account_states": states.listed,
        }


class Ledger:
    """The rows, column by column."""

    def __init__(self, places: Places, states: Iterable[str]) -> None:
        self._places = places
        self._texts = {
            "stack_set": Texts(),
            "region": Texts(),
            "state": Texts(states),
            "reason": Texts([""]),
            "drift": Texts(),
            "posture": Texts([""]),
            "operation": Texts([""]),
            "drift_since": Texts([""]),
            "posture_since": Texts([""]),
        }
        self._accounts: list[int] = []
        self._rest: list[list[int]] = [[] for _ in self._texts]  # in the order of the texts

    def add(
        self,
        stack_set: StackSetKey,
        pair: Pair,
        state: str,
        reason: str = "",
        *,
        drift: str = "",
        posture: str = "",
        operation: str = "",
        drift_since: datetime | None = None,
        posture_since: datetime | None = None,
    ) -> None:
        """Add a row."""
        told = (
            stack_set,
            pair.region,
            state,
            reason,
            drift,
            posture,
            operation,
            iso(drift_since) or "",
            iso(posture_since) or "",
        )
        self._accounts.append(self._places.account(pair.account))
        for text, texts, column in zip(told, self._texts.values(), self._rest, strict=True):
            column.append(texts.number(text))

    def region(self, region: str) -> int:
        """Return the number of a Region."""
        return self._texts["region"].number(region)

    def stack_set(self, key: str) -> int:
        """Return the number of a stack set."""
        return self._texts["stack_set"].number(key)

    def summary(self) -> dict[str, int]:
        """Return how many rows are in each state."""
        states = self._texts["state"].listed
        counts = [0] * len(states)
        for number in self._rows()["state"]:
            counts[number] += 1
        return dict(zip(states, counts, strict=True))

    def as_json(self) -> dict[str, Any]:
        """Return the texts and the columns."""
        return {
            "texts": {name: texts.listed for name, texts in self._texts.items()},
            "rows": self._rows(),
        }

    def _rows(self) -> dict[str, list[int]]:
        return {"account": self._accounts, **dict(zip(self._texts, self._rest, strict=True))}
