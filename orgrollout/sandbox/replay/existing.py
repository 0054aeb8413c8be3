"""The stack sets that were there before a record began, as far as its answers tell of them.

What the first answers say of a stack set before a request of the record changes it: its definition,
and where it has stack instances. Its earlier operations are told by their list alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orgrollout.exchange_record import Mark
from orgrollout.sandbox.replay.damage import reading
from orgrollout.sandbox.replay.record import Exchange, Record

Instance = Mapping[str, Any]
_READS = ("Describe", "Get", "List")
_DEFINITION = (
    *("StackSetName", "Description", "TemplateBody", "Parameters", "Capabilities", "Tags"),
    *("PermissionModel", "AutoDeployment", "ManagedExecution"),
    *("AdministrationRoleARN", "ExecutionRoleName"),
)
_CHECKED = frozenset({"IN_SYNC", "DRIFTED"})
_HANDLE = '{"Resources": {"Resource": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}'
_SELF_MANAGED, _BY_UNITS = "SELF_MANAGED", "SERVICE_MANAGED"
_LATE = "9999"
_DETECT = "DetectStackSetDrift"
_IN_PLACE = frozenset({_DETECT, "UpdateStackSet", "UpdateStackInstances", "StopStackSetOperation"})


class Past(NamedTuple):
    """An operation that ran before the record began. Stack sets need what others made earlier."""

    moment: str
    operation: str
    parameters: dict[str, Any]


@dataclass(slots=True)
class ExistingStackSet:
    """A stack set, as it was when the record began."""

    name: str
    described: Mapping[str, Any] = field(default_factory=dict)
    instances: dict[tuple[str, str], Instance] = field(default_factory=dict)
    history: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by the operations' ids
    request: int = 0  # the first that tells of it

    @property
    def creation(self) -> dict[str, Any]:
        """Return the parameters of CreateStackSet, as a record has them."""
        given = {key: self.described[key] for key in _DEFINITION if self.described.get(key)}
        by_units = any("OrganizationalUnitId" in each for each in self.instances.values())
        model = given.get("PermissionModel", _BY_UNITS if by_units else _SELF_MANAGED)
        off = {"AutoDeployment": {"Enabled": False}} if model == _BY_UNITS else {}
        least = {"StackSetName": self.name, "TemplateBody": _HANDLE, "PermissionModel": model}
        return {**least, **off, **given}

    def operations(self, root: str) -> Iterator["Past"]:
        """Yield what makes the stack instances."""
        created, units = self._past("CREATE"), self._units()
        is_self_managed = self.creation["PermissionModel"] == _SELF_MANAGED
        for operation, accounts, regions in _groups(self.instances):
            known = operation if operation in created else next(iter(created), "")
            named = self._named(known)
            created.pop(known, None)
            where = {"Accounts": accounts} if is_self_managed else _in_units(accounts, units, root)
            asked = {"StackSetName": self.name, "Regions": regions, **where, **named}
            yield Past(self._moment(known), "CreateStackInstances", asked)
        if self._was_checked:
            last = next(iter(self._past("DETECT_DRIFT")), "")
            asked = {"StackSetName": self.name, **self._named(last)}
            yield Past(self._moment(last), _DETECT, asked)

    def _moment(self, operation: str) -> str:
        """Return when an operation began; where that is not known, after all others."""
        began = self.history.get(operation, {}).get("CreationTimestamp")
        return str(began[Mark.TIME]) if isinstance(began, Mapping) and Mark.TIME in began else _LATE

    @property
    def _was_checked(self) -> bool:
        details = self.described.get("StackSetDriftDetectionDetails") or self.described
        told = [details.get("DriftStatus")]
        told += [each.get("DriftStatus") for each in self.instances.values()]
        return not _CHECKED.isdisjoint(each for each in told if isinstance(each, str))

    def _past(self, action: str) -> dict[str, None]:
        """Return the ids of earlier operations of a kind, the oldest first."""
        found = [id_ for id_, each in self.history.items() if each.get("Action") == action]
        return dict.fromkeys(reversed(found))

    def _named(self, operation: str) -> dict[str, Any]:
        """Return the id of an operation and its preferences, as far as they are known."""
        if not operation:
            return {}
        preferences = self.history.get(operation, {}).get("OperationPreferences")
        more = {"OperationPreferences": preferences} if preferences else {}
        return {"OperationId": operation, **more}

    def _units(self) -> dict[str, str]:
        """Return the unit of each account, by the first stack instance that tells it."""
        found: dict[str, str] = {}
        for (account, _), each in self.instances.items():
            if unit := str(each.get("OrganizationalUnitId") or ""):
                found.setdefault(account, unit)
        return found


def _in_units(accounts: list[str], units: Mapping[str, str], root: str) -> dict[str, Any]:
    within = {
        "OrganizationalUnitIds": list(dict.fromkeys(units.get(each, root) for each in accounts)),
        "Accounts": accounts,
        "AccountFilterType": "INTERSECTION",
    }
    return {"DeploymentTargets": within}


def existing_stack_sets(record: Record) -> list[ExistingStackSet]:
    """Return the stack sets that no request created, as they were listed, else first named."""
    found: dict[str, ExistingStackSet] = {}
    moved: set[str] = set()  # stack sets that have stack instances elsewhere by now
    touched: set[str] = set()  # that were changed where they are
    for each in record.exchanges:
        if each.request.service == "cloudformation":
            with reading(each.request.number):
                _look(each, found, moved, touched)
    listed: list[str] = []
    for exchange in record.answered("ListStackSets"):
        with reading(exchange.request.number):
            listed += [str(each["StackSetName"]) for each in _summaries(exchange)]
    names = [name for name in dict.fromkeys([*listed, *found]) if name in found]
    return [found[name] for name in names]


def _summaries(exchange: Exchange) -> Iterator[Mapping[str, Any]]:
    result = exchange.answer.result if exchange.answer is not None else None
    yield from (result or {}).get("Summaries", ())


def _look(
    exchange: Exchange,
    found: dict[str, ExistingStackSet],
    moved: set[str],
    touched: set[str],
) -> None:
    name = str(exchange.request.parameters.get("StackSetName", "")).split(":")[0]
    result = exchange.answer.result if exchange.answer is not None else None
    if exchange.request.operation in _IN_PLACE:
        touched.add(name)
    elif not exchange.request.operation.startswith(_READS):
        moved.add(name)
    elif result is not None:
        for each in _told(exchange.request.operation, name, result):
            if each.name not in moved:
                told = _places_of(each) if each.name in touched else each
                new = ExistingStackSet(each.name, request=exchange.request.number)
                _join(found.setdefault(each.name, new), told)


def _places_of(told: ExistingStackSet) -> ExistingStackSet:
    """Return what a change in place leaves: where stack instances are, and what created them."""
    kept: dict[tuple[str, str], Instance] = {
        pair: {k: v for k, v in each.items() if k in {"Account", "Region", "OrganizationalUnitId"}}
        for pair, each in told.instances.items()
    }
    created = {id_: each for id_, each in told.history.items() if each.get("Action") == "CREATE"}
    return ExistingStackSet(told.name, {}, kept, created)


def _told(operation: str, name: str, result: Mapping[str, Any]) -> Iterator[ExistingStackSet]:
    """Yield what one answer tells of stack sets."""
    match operation:
        case "ListStackSets":
            for each in result.get("Summaries", ()):
                if each.get("Status") == "ACTIVE":
                    yield ExistingStackSet(str(each["StackSetName"]), each)
        case "DescribeStackSet":
            described = dict(result.get("StackSet", {}))
            yield ExistingStackSet(str(described.get("StackSetName", name)), described)
        case "ListStackInstances":
            listed = result.get("Summaries", ())
            yield ExistingStackSet(
                name, {}, {(str(e["Account"]), str(e["Region"])): e for e in listed}
            )
        case "ListStackSetOperations":
            listed = result.get("Summaries", ())
            yield ExistingStackSet(name, history={str(e["OperationId"]): e for e in listed})


def _join(known: ExistingStackSet, told: ExistingStackSet) -> None:
    """Add what is new; a description tells more than a summary of a list."""
    if "TemplateBody" not in known.described and told.described:
        known.described = told.described
    for pair, instance in told.instances.items():
        known.instances.setdefault(pair, instance)
    for id_, operation in told.history.items():
        known.history.setdefault(id_, operation)


def _groups(
    instances: Mapping[tuple[str, str], Instance],
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield operations, each with accounts that have stack instances in the same Regions."""
    regions: dict[tuple[str, str], list[str]] = {}
    for (account, region), each in instances.items():
        operation = str(each.get("LastOperationId") or "")
        regions.setdefault((operation, account), []).append(region)
    accounts: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (operation, account), there in regions.items():
        accounts.setdefault((operation, tuple(sorted(there))), []).append(account)
    for (operation, together), owners in accounts.items():
        yield operation, owners, list(together)
