"""Pages of any size, made of the product's own values: some of everything, and hostile names."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.drift.history import Record
from orgrollout.model.ids import (
    AccountId,
    Digest,
    OperationId,
    Pair,
    Region,
    RolloutId,
    StackSetKey,
    StackSetName,
    UnitId,
)
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit
from orgrollout.plan.model.kinds import ApplyDefinition
from orgrollout.plan.model.plan import Plan, PlannedOperation, PlannedWave
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.targets import Rectangle
from orgrollout.posture.seen import broken, ok, unknown
from orgrollout.report.page.document import Facts
from orgrollout.rollout.coverage import CoverageRow, CoverageState
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import (
    CompletedOperation,
    FailedThere,
    Failure,
    Phase,
    RolloutState,
)
from orgrollout.rollout.state.view import RolloutView

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "\"'`${alert(3)}`",
    "\u202egnp.exe\u2066 right to left \u05d0\u05d1\u05d2",
    "\U0001f469\u200d\U0001f4bb \U0001f3f3\ufe0f\u200d\U0001f308",
    "\x1b[31mred\x1b[0m\r\n\x00bell\x07",
    "line\u2028and\u2029paragraph",
    "&amp;lt;b&gt;",
    "long " + "x" * 9_995,
)

_NAMES = """
us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 eu-west-1 eu-west-2 eu-west-3 eu-north-1
eu-central-1 sa-east-1 ap-south-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1
ap-southeast-2
"""
REGIONS = tuple(map(Region, _NAMES.split()))
DENIED = (
    "ResourceLogicalId:Recorder, ResourceType:AWS::Config::ConfigurationRecorder, "
    "ResourceStatusReason:User is not authorized to perform config:PutConfigurationRecorder with "
    "an explicit deny in a service control policy (Status Code: 400)."
)
_TEMPLATE = "Resources:\n  Recorder:\n    Type: AWS::Config::ConfigurationRecorder\n"


def facts(
    accounts: int, regions: int, stack_sets: int, *, hostile: bool = False, rollouts: bool = True
) -> Facts:
    """Return what a page of accounts x Regions x stack sets shows, with some of everything."""
    organization = _organization(accounts, hostile=hostile)
    names = REGIONS[:regions]
    desired = [_desired(number, names) for number in range(stack_sets)]
    rows = [
        row
        for each in desired
        for number, account in enumerate(organization.accounts)
        for row in _rows(each, number, account, hostile=hostile)
    ]
    view = _rollout(organization, desired, names)
    findings = tuple(_findings(rows))
    return Facts(
        name="security-baseline",
        home_region="us-east-1",
        organization=organization,
        stack_sets=desired,
        rows=rows,
        findings=Findings(
            stack_sets=tuple(_look(each, rows) for each in desired), findings=findings
        ),
        records={each.key: _record(each) for each in findings},
        rollouts=[view] if rollouts else [],
        plan=_plan(organization, desired, names),
        commands=[("carry it out", "orgrollout apply baseline.yaml")],
    )


def _organization(accounts: int, *, hostile: bool) -> Organization:
    units = [Unit(id=UnitId("r-1"), name="Root", parent=None, path="/")]
    tops = ("Security", "Infrastructure", "Workloads", "Sandbox")
    many = max(1, accounts // 60)
    units += [
        Unit(id=UnitId(f"ou-{top}"), name=top, parent=UnitId("r-1"), path=f"/{top}") for top in tops
    ]
    for number in range(many):
        name = HOSTILE[number % 10] if hostile else f"Team {number:03}"
        above = units[1 + number % len(tops)]
        path = f"{above.path}/{name}{number if hostile else ''}"
        units.append(Unit(id=UnitId(f"ou-{number}"), name=name, parent=above.id, path=path))
    made = {}
    for number in range(accounts):
        key = AccountId(f"{100_000_000_000 + number * 7}")
        state = AccountState.SUSPENDED if number % 47 == 46 else AccountState.ACTIVE
        name = HOSTILE[number % 10] if hostile else f"account-{number:05}"
        parent = units[1 + number % (len(units) - 1)].id
        made[key] = Account(id=key, name=name, state=state, parent=parent)
    return Organization(
        id="o-a1b2c3d4e5",
        management_account=AccountId("999999999999"),
        root=UnitId("r-1"),
        units={unit.id: unit for unit in units},
        accounts=made,
    )


def _desired(number: int, regions: tuple[Region, ...]) -> DesiredStackSet:
    key = ("config-regional", "flow-logs", "guardduty")[number % 3] + ("" if number < 3 else "-2")
    return DesiredStackSet(
        key=StackSetKey(key),
        name=StackSetName(f"baseline-{key}"),
        definition=StackSetDefinition(template_body=_TEMPLATE),
        pairs={},
        parameter_sets={},
        regions=regions,
        rules={},
    )


def _rows(
    desired: DesiredStackSet, number: int, account: AccountId, *, hostile: bool
) -> Iterator[CoverageRow]:
    for place, region in enumerate(desired.regions):
        at = number * 31 + place * 7
        state, reason = _state(number, at)
        if hostile and reason:
            reason = f"{reason} {HOSTILE[at % 10]}"
        seen = broken("the recorder is stopped") if at % 83 == 0 else ok("it records")
        yield CoverageRow(
            stack_set=desired.key,
            pair=Pair(account, region),
            state=state,
            reason=reason,
            drift="DRIFTED" if state is CoverageState.DRIFTED else "IN_SYNC",
            last_operation=OperationId(f"or-security-baseline-7-{number % 40}-a1"),
            since=NOW - timedelta(hours=at % 400),
            posture=unknown("the call failed") if at % 211 == 0 else seen,
            looked=NOW - timedelta(minutes=at % 600),
        )


def _state(number: int, at: int) -> tuple[CoverageState, str]:
    if number % 47 == 46:
        return CoverageState.SKIPPED, "account is SUSPENDED"
    if number % 29 == 3:
        return CoverageState.OUT_OF_SCOPE, "not targeted"
    if number % 61 == 5:
        return CoverageState.FAILED, f"blocked by policy: {DENIED}"
    for every, state, reason in (
        (37, CoverageState.DRIFTED, "changed by hand since it was deployed"),
        (53, CoverageState.OUTDATED, "not what the manifest says"),
        (71, CoverageState.MISSING, "not deployed"),
        (131, CoverageState.PENDING, "wave 3 of security-baseline-7"),
        (173, CoverageState.ORPHANED, "no longer targeted"),
        (191, CoverageState.BLOCKED, "config-regional failed in this account"),
    ):
        if at % every == 1:
            return state, reason
    return CoverageState.CURRENT, ""


def _findings(rows: list[CoverageRow]) -> Iterator[Finding]:
    for row in rows:
        if row.state is CoverageState.DRIFTED:
            yield Finding(
                stack_set=row.stack_set,
                pair=row.pair,
                kind=FindingKind.RESOURCE,
                what="Recorder",
                verdict=Verdict.REAL,
                resource_type="AWS::Config::ConfigurationRecorder",
                physical_id="default",
                path="/RecordingGroup/AllSupported",
                expected="true",
                actual="false",
                looked=row.since,
            )


def _record(finding: Finding) -> Record:
    return Record(
        stack_set=finding.stack_set,
        pair=finding.pair,
        kind=finding.kind,
        what=finding.what,
        path=finding.path,
        verdict=finding.verdict,
        first_seen=NOW - timedelta(days=9),
        last_seen=NOW - timedelta(hours=3),
        came_back=1,
    )


def _look(desired: DesiredStackSet, rows: list[CoverageRow]) -> StackSetLook:
    meant = frozenset(row.pair for row in rows if row.stack_set == desired.key)
    told = frozenset(pair for pair in meant if int(pair.account) % 50)
    return StackSetLook(key=desired.key, name=desired.name, meant=meant, told=told)


def _plan(
    organization: Organization, desired: list[DesiredStackSet], regions: tuple[Region, ...]
) -> Plan:
    accounts = tuple(organization.accounts)
    parts = (accounts[:2], accounts[2 : len(accounts) // 3], accounts[len(accounts) // 3 :])
    definition = StackSetDefinition(template_body=_TEMPLATE, parameters={"Delivery": "Six_Hours"})
    wanted = StackSetDefinition(
        template_body=f"{_TEMPLATE}    Properties: {{RoleARN: </script>}}\n",
        parameters={"Delivery": "One_Hour"},
    )
    return Plan(
        manifest="security-baseline",
        organization=organization.id,
        home_region=Region("us-east-1"),
        stack_sets={
            each.key: PlannedStackSet(
                key=each.key,
                name=each.name,
                change=StackSetChange.UPDATE,
                definition=wanted,
                deployed=definition,
                parameter_sets={},
                differences=("template", "parameter Delivery"),
            )
            for each in desired
        },
        waves=tuple(
            PlannedWave(index=i, name=name, accounts=part, allowed_failures=i)
            for i, (name, part) in enumerate(
                zip(("canary", "early", "rest"), parts, strict=True), 1
            )
        ),
        operations=tuple(
            PlannedOperation(
                stack_set=each.key,
                wave=wave,
                kind=ApplyDefinition(),
                accounts=part,
                regions=regions,
                parameter_set=Digest("0"),
                state=Digest("1"),
                reason="template differs",
            )
            for wave, part in enumerate(parts, 1)
            for each in desired
        ),
        units={
            unit.path: tuple(a.id for a in organization.accounts.values() if a.parent == unit.id)
            for unit in organization.units.values()
        },
        names={account.id: account.name for account in organization.accounts.values()},
    )


def _rollout(
    organization: Organization, desired: list[DesiredStackSet], regions: tuple[Region, ...]
) -> RolloutView:
    plan = _plan(organization, desired, regions)
    begun = NOW - timedelta(hours=5)
    completed, failures = [], []
    unlucky = {a for number, a in enumerate(organization.accounts) if number % 61 == 5}
    for number, operation in enumerate(plan.operations):
        bad = tuple(a for a in operation.accounts if a in unlucky)
        started = begun + timedelta(minutes=25 * number)
        completed.append(
            CompletedOperation(
                id=OperationId(f"or-security-baseline-7-{number}-a1"),
                number=number,
                planned=number,
                attempt=1,
                status="FAILED" if bad else "SUCCEEDED",
                started=started,
                ended=started + timedelta(minutes=20 + number),
                succeeded=operation.rectangle.size - len(bad) * len(regions),
                failed=len(bad) * len(regions),
                cancelled=0,
                failures=(
                    FailedThere(
                        kind=FailureClass.POLICY, reason=DENIED, where=(Rectangle(bad, regions),)
                    ),
                )
                if bad
                else (),
            )
        )
        failures += [
            Failure(
                planned=number,
                pair=pair,
                kind=FailureClass.POLICY,
                reason=DENIED,
                attempts=1,
                final=True,
            )
            for pair in Rectangle(bad, regions).pairs
        ]
    state = RolloutState(
        id=RolloutId("security-baseline-7"),
        plan=Digest("2"),
        created=begun,
        phase=Phase.FINISHED,
        wave=len(plan.waves) - 1,
        completed=tuple(completed),
        failures=tuple(failures),
        begun_by="arn:aws:sts::999999999999:assumed-role/deployer/me",
        ended=NOW - timedelta(hours=1),
    )
    return RolloutView(plan, state)
