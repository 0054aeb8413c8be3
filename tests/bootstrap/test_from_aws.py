"""`init --from-aws`: what exists becomes a manifest whose plan is empty."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.bootstrap.describe import describe
from orgrollout.bootstrap.describing import Described
from orgrollout.drivers.local import drive
from orgrollout.errors import ManifestError
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.model.stack_set import OWNER_TAG
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.advice.existing_stack_sets import list_what_exists, with_overrides
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look, plan_from
from orgrollout.sandbox import Sandbox, Settings
from tests.pairwise import pairwise
from tests.stage import DEV, LAB, PROD, TOPIC, new_session, organization

pytestmark = pytest.mark.slow

MANAGEMENT = "999999999999"
SECRET = TOPIC.replace("  Other:", "  Token: {Type: String, NoEcho: true}\n  Other:")
UNITS = ("Prod", "Regulated", "Dev", "Lab")
QUICK: dict[str, Any] = {"deploy_resources": False, "median_duration": timedelta(seconds=1)}


class Aws:
    """What another user did by hand, and what this program makes of it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.client: Any = boto3.client("cloudformation")
        self._units = {u.name: u.id for u in sandbox.organization.units.values()}

    def unit(self, name: str) -> str:
        return self._units[name] if name else self.sandbox.organization.root_id

    def create(self, name: str, **more: Any) -> None:
        given = {"TemplateBody": TOPIC, "PermissionModel": "SERVICE_MANAGED", **more}
        if given["PermissionModel"] == "SERVICE_MANAGED":
            given.setdefault("AutoDeployment", {"Enabled": False})
        given = {key: value for key, value in given.items() if value is not None}
        self.client.create_stack_set(StackSetName=name, **given)

    def deploy(
        self,
        name: str,
        *,
        units: tuple[str, ...] = (),
        accounts: tuple[str, ...] = (),
        regions: tuple[str, ...] = ("us-east-1",),
        overrides: Mapping[str, str] | None = None,
        update: bool = False,
    ) -> None:
        where: dict[str, Any] = {"Accounts": list(accounts)}
        if units:
            targets: dict[str, Any] = {"OrganizationalUnitIds": [self.unit(u) for u in units]}
            if accounts:
                targets |= {"Accounts": list(accounts), "AccountFilterType": "INTERSECTION"}
            where = {"DeploymentTargets": targets}
        call = self.client.update_stack_instances if update else self.client.create_stack_instances
        listed = [{"ParameterKey": k, "ParameterValue": v} for k, v in (overrides or {}).items()]
        call(StackSetName=name, Regions=list(regions), ParameterOverrides=listed, **where)
        self.sandbox.run_to_end()

    def context(self) -> Context:
        connection = connect(session=new_session(), clock=self.sandbox.clock)
        return Context(
            connection=connection,
            stack_sets=StackSets(connection),
            journal=SqliteJournal(self.folder / "journal.sqlite"),
            clock=self.sandbox.clock,
        )

    def init(self, *only: str, name: str = "taken") -> Described:
        context = self.context()
        listed = list_what_exists(context, name, only, lambda _: None)
        made = describe(with_overrides(context, listed, lambda _: None))
        (self.folder / "templates").mkdir(exist_ok=True)
        (self.folder / "manifest.yaml").write_text(made.manifest)
        for file, text in made.templates.items():
            (self.folder / file).write_bytes(text.encode())
        return made

    def plan(self) -> Plan:
        context = self.context()
        loaded = load_manifest(self.folder / "manifest.yaml")
        return plan_from(loaded, look(loaded, context, lambda _: None), context)

    def edit(self, **changes: Any) -> None:
        path = self.folder / "manifest.yaml"
        document = yaml.safe_load(path.read_text())
        for stack_set in document["stack_sets"].values():
            stack_set.update(changes)
        path.write_text(yaml.safe_dump(document))

    def apply(self) -> Plan:
        plan = self.plan()
        context = self.context()
        drive(begin_rollout(plan, context).state.id, context, lambda _: None)
        return plan


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with Sandbox.start(organization(), settings=Settings(**QUICK)) as sandbox:
        yield Aws(sandbox, tmp_path)


def test_stack_sets_of_both_kinds_are_described_with_overrides_and_plan_nothing(aws: Aws) -> None:
    """CfCT#124, RM#539: adopt what exists."""
    aws.create("Config", Description="theirs: ${x} # 1", Tags=[{"Key": "owner", "Value": "0123"}])
    aws.deploy("Config", units=("Prod",), regions=("us-east-1", "eu-west-1"))
    aws.deploy("Config", units=("Dev",), accounts=DEV[:1], overrides={"Suffix": "${env:HOME}"})
    aws.create("Roles", PermissionModel="SELF_MANAGED", Capabilities=["CAPABILITY_IAM"])
    aws.deploy("Roles", accounts=(MANAGEMENT, *LAB), overrides={"Other": "007"})

    made = aws.init()
    plan = aws.plan()

    assert plan.is_empty, plan.operations
    assert plan.unchanged == 14
    document = yaml.safe_load(made.manifest)
    config, roles = document["stack_sets"]["Config"], document["stack_sets"]["Roles"]
    assert (
        config["targets"]["include"]
        == [
            {"organizational_units": ["/Prod"], "regions": ["eu-west-1", "us-east-1"]},
            {"accounts": [DEV[0]], "regions": ["us-east-1"]},
        ]
        or {"organizational_units": ["/Prod"]} in config["targets"]["include"]
    )
    assert config["adopt"] is True
    assert config["parameter_overrides"][0]["parameters"] == {"Suffix": "$${env:HOME}"}
    assert roles["permission_model"] == "self_managed"
    assert roles["execution_role_name"] == "AWSCloudFormationStackSetExecutionRole"


def test_a_unit_is_written_only_where_it_was_targeted_and_is_there_in_full(aws: Aws) -> None:
    """An account that joins a unit later is enrolled only if the unit was meant."""
    aws.create("Whole")
    aws.deploy("Whole", units=("Lab",))
    aws.create("Listed")
    aws.deploy("Listed", units=("",), accounts=LAB)

    document = yaml.safe_load(aws.init().manifest)["stack_sets"]

    assert document["Whole"]["targets"]["include"] == [{"organizational_units": ["/Lab"]}]
    assert document["Listed"]["targets"]["include"] == [{"accounts": list(LAB)}]


def test_a_masked_value_is_left_open_and_the_manifest_refused_until_an_operator_writes_it(
    aws: Aws,
) -> None:
    secret = [{"ParameterKey": "Token", "ParameterValue": "hunter2"}]
    aws.create("Secret", TemplateBody=SECRET, Parameters=secret)
    aws.deploy("Secret", units=("Lab",))

    made = aws.init()

    assert made.open_values == ("stack_sets.Secret.parameters.Token",)
    assert "hunter2" not in made.manifest
    assert "NoEcho: CloudFormation does not show the value" in made.manifest
    with pytest.raises(ManifestError, match=r"Token.*has no value"):
        aws.plan()


def test_a_secret_inside_a_template_is_named_and_has_to_be_taken_out(aws: Aws) -> None:
    body = SECRET.replace("NoEcho: true", "NoEcho: true, Default: hunter2")
    aws.create("Secret", TemplateBody=body)
    aws.deploy("Secret", units=("Lab",))

    made = aws.init()

    assert made.open_values == ("templates/Secret.yaml Parameters.Token.Default",)
    assert "hunter2" not in made.manifest
    assert "Default from templates/Secret.yaml" in made.manifest
    with pytest.raises(ManifestError, match="no secret belongs in a template"):
        aws.plan()


def test_a_template_too_large_for_a_call_leaves_its_bucket_to_be_named(aws: Aws) -> None:
    boto3.client("s3").create_bucket(Bucket="acme-theirs")
    body = f"# {'x' * 60_000}\n{TOPIC}".encode()
    boto3.client("s3").put_object(Bucket="acme-theirs", Key="t.yaml", Body=body)
    url = "https://acme-theirs.s3.amazonaws.com/t.yaml"
    aws.create("Large", TemplateURL=url, TemplateBody=None)
    aws.deploy("Large", units=("Lab",))

    made = aws.init()

    assert made.open_values == ("template_bucket",)
    with pytest.raises(ManifestError, match="CloudFormation takes 51,200 in a call"):
        aws.plan()
    path = aws.folder / "manifest.yaml"
    named = "template_bucket: s3://acme-ours/x"
    path.write_text(path.read_text().replace("# template_bucket: s3://BUCKET/PREFIX", named))
    assert aws.plan().is_empty


def test_what_is_not_ours_to_take_is_left_out_and_named(aws: Aws) -> None:
    aws.create("AWSControlTowerBP-BASELINE")
    aws.create("empty")
    aws.create("owned", Tags=[{"Key": OWNER_TAG, "Value": "other"}])
    aws.deploy("owned", units=("Lab",))
    aws.create("kept")
    aws.deploy("kept", units=("Lab",))

    made = aws.init()

    assert list(yaml.safe_load(made.manifest)["stack_sets"]) == ["kept"]
    assert made.left_out == {
        "AWSControlTowerBP-BASELINE": "AWS Control Tower manages it",
        "empty": "it has no stack instances",
        "owned": "it belongs to the manifest other",
    }
    assert "it belongs to the manifest other" in made.manifest
    assert aws.plan().is_empty


def test_what_is_behind_is_told_and_planned_to_be_updated(aws: Aws) -> None:
    aws.create("Broken")
    aws.sandbox.fail("l2", "us-east-1", "Broken", reason="no")
    aws.deploy("Broken", units=("Lab",))

    made = aws.init()

    assert f"1 stack instances are not CURRENT (e.g. {LAB[1]} us-east-1" in made.manifest
    assert {pair.account for _, pair, _ in aws.plan().changes()} == {LAB[1]}


def test_what_is_behind_in_a_suspended_account_is_told_to_be_left_alone_as_it_is(aws: Aws) -> None:
    aws.create("Config")
    aws.deploy("Config", units=("Lab",))
    aws.sandbox.suspend("l2")
    aws.deploy("Config", units=("Lab",), overrides={"Suffix": "x"}, update=True)

    made = aws.init()

    assert f"which a plan leaves alone:\n    # {LAB[1]}." in made.manifest
    assert "not CURRENT" not in made.manifest
    assert aws.plan().is_empty


def test_adopting_touches_no_stack_until_something_changes(aws: Aws) -> None:
    """The owner's tag would be passed on to every stack; it travels with the first real change."""
    aws.create("Config")
    aws.deploy("Config", units=("Prod", "Dev"))
    aws.init()
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "x"}}
    aws.edit(parameter_overrides=[override])

    first = aws.apply()
    tags = {
        t["Key"] for t in aws.client.describe_stack_set(StackSetName="Config")["StackSet"]["Tags"]
    }

    assert {pair.account for _, pair, _ in first.changes()} == {DEV[0]}
    assert OWNER_TAG not in tags
    assert aws.plan().is_empty

    aws.edit(parameters={"Other": "new"})
    second = aws.apply()
    after = aws.client.describe_stack_set(StackSetName="Config")["StackSet"]

    assert second.counts().total() == 7
    assert {"Key": OWNER_TAG, "Value": "taken"} in after["Tags"]
    assert aws.plan().is_empty


def test_an_adopted_stack_set_is_never_created_again(aws: Aws) -> None:
    aws.create("Config")
    aws.deploy("Config", units=("Lab",))
    aws.init()
    aws.edit(parameters={"Other": "new"})
    before = len(aws.sandbox.calls)

    aws.apply()

    sent = {call.operation for call in aws.sandbox.calls[before:]}
    assert "UpdateStackSet" in sent
    assert not sent & {"CreateStackSet", "DeleteStackSet", "CreateStackInstances"}


_PLACES = st.one_of(
    st.tuples(st.sets(st.sampled_from(UNITS), min_size=1).map(tuple), st.just(())),
    st.tuples(st.just(("",)), st.sets(st.sampled_from((*PROD, *DEV, *LAB)), min_size=1).map(tuple)),
)
_REGIONS = st.sets(st.sampled_from(("us-east-1", "eu-west-1")), min_size=1).map(tuple)
_TEXT = st.text(st.sampled_from("ab01 $\\{}:#'\"-é,%&*"), max_size=8)
_VALUES = st.dictionaries(st.sampled_from(("Suffix", "Other")), _TEXT, max_size=2)
_STEPS = st.lists(st.tuples(_PLACES, _REGIONS, _VALUES), min_size=1, max_size=3)
_SETS = st.lists(
    st.tuples(st.booleans(), _VALUES, st.text("ab:# ${}", max_size=6), _STEPS),
    min_size=1,
    max_size=2,
)


def everything_that_exists_plans_nothing(
    stack_sets: list[Any], folder: Path, undocumented: Mapping[str, Any]
) -> None:
    chosen = Settings(**QUICK, **undocumented)
    with Sandbox.start(organization(), settings=chosen) as sandbox:
        aws = Aws(sandbox, folder)
        for number, (self_managed, values, tag, steps) in enumerate(stack_sets):
            name = f"set-{number}"
            aws.create(
                name,
                PermissionModel="SELF_MANAGED" if self_managed else "SERVICE_MANAGED",
                Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
                Tags=[{"Key": "owner", "Value": tag}] if tag else [],
            )
            for (units, accounts), regions, overrides in steps:
                listed = accounts or (MANAGEMENT, *LAB)
                where = (
                    {"accounts": listed} if self_managed else {"units": units, "accounts": accounts}
                )
                aws.deploy(name, regions=regions, overrides=overrides, **where)
        aws.init()
        plan = aws.plan()
        assert plan.is_empty, (plan.operations, plan.stack_sets)
        there = [p for n in range(len(stack_sets)) for p in sandbox.stack_set(f"set-{n}").instances]
        accounts = sandbox.organization.accounts
        asleep = {a for a, account in accounts.items() if account.state != "ACTIVE"}
        alone = [account for account, _ in there if account in asleep]
        assert len(there) == plan.unchanged + len(alone)
        assert all(any(f"{a} are left alone" in w for w in plan.warnings) for a in alone)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_SETS)
def test_whatever_was_deployed_a_plan_of_its_description_is_empty(stack_sets: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        everything_that_exists_plans_nothing(stack_sets, Path(folder), {})


@pytest.mark.slow
@pytest.mark.parametrize("undocumented", list(pairwise()))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stack_sets=_SETS)
def test_it_is_empty_whatever_aws_leaves_undocumented(
    undocumented: dict[str, Any], stack_sets: list[Any]
) -> None:
    chosen = {**undocumented, "requests_per_second": None}
    with tempfile.TemporaryDirectory() as folder:
        everything_that_exists_plans_nothing(stack_sets, Path(folder), chosen)
