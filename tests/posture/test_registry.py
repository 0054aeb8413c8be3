"""Every check is registered by its own module, and everything else follows from it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import orgrollout.posture.checks
from orgrollout.aws.member_accounts.posture import Looking
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import StackSetName
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.definition import Call, KnownCheck, Meaning
from orgrollout.posture.registry import CHECKS, reads, repairs
from orgrollout.sandbox import Sandbox
from tests.paths import ROOT
from tests.posture.derived import PAGE, TEMPLATES, with_statements, with_table
from tests.sources import texts_if
from tests.stage import BASE, DEV, US, Stage, organization
from tests.templates.support.service_authorization import can_be_limited

ROOM = Path(orgrollout.posture.checks.__file__).parent
MANIFEST: dict[str, Any] = {
    **BASE,
    "targets": {"organizational_units": ["/Dev"]},
    "stack_sets": {
        "resync-role": {
            "template": "builtin:resync-role",
            "parameters": {"CallerRole": "Rollout", "ExternalId": "base-7"},
        },
    },
}
CALLS = sorted({call.api: call for call in (*reads(), *repairs())}.items())


NAMES = re.compile(rf"(?<![\w-])({'|'.join(CHECKS)})(?![\w/-])")


def names_in(text: str) -> set[str]:
    """Return the checks that a text names; `config-rule/*` and `config-rule-x` are other things."""
    return set(NAMES.findall(text))


def test_there_is_one_module_for_each_check_and_it_is_called_like_it() -> None:
    modules = {path.stem for path in ROOM.glob("*.py")} - {"__init__"}
    assert modules == {name.replace("-", "_") for name in CHECKS}


def test_a_name_is_found_and_what_only_looks_like_one_is_not() -> None:
    assert names_in("`config-rule NAME` and ssm-document.") == {"config-rule", "ssm-document"}
    assert names_in("arn:aws:config:*:1:config-rule/* and config-delivery-denied") == set()


def test_no_other_module_of_the_program_names_a_check() -> None:
    """A new check would have to be written down there, too."""
    named = {
        path.relative_to(ROOT).as_posix(): found
        for path in sorted((ROOT / "orgrollout").rglob("*.py"))
        if "sandbox" not in path.parts  # it has AWS's names, such as the config-rule of an ARN
        for found in [{name for _, text in texts_if(path, NAMES) for name in names_in(text)}]
        if found - ({path.stem.replace("_", "-")} if path.parent == ROOM else set())
    }
    assert named == {}


def test_the_page_has_a_row_for_each_check_as_its_module_says() -> None:
    """`python -m tests.posture.derived` writes it."""
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"\n| `{name}` | " in page for name in CHECKS)
    assert with_table(page) == page


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_roles_may_do_what_the_checks_do(path: Path) -> None:
    """`python -m tests.posture.derived` writes it."""
    template = path.read_text(encoding="utf-8")
    assert with_statements(template) == template
    assert with_statements(template.replace("- config:DescribeConfigRules", "- x:Y")) == template


@pytest.mark.parametrize(("api", "call"), CALLS)
def test_a_call_exists_and_its_items_are_a_list_of_its_response(api: str, call: Call) -> None:
    model = botocore.session.get_session().get_service_model(call.service)
    shape: Any = model.operation_model(call.operation).output_shape
    if call.items:
        assert shape.members[call.items].type_name == "list", api
    named = {path.partition("[")[0].partition(".")[0] for path in call.always}
    assert named <= set(shape.members if shape is not None else ())


@pytest.mark.parametrize(("api", "call"), CALLS)
def test_iam_can_limit_an_action_to_the_resource_that_its_call_names(api: str, call: Call) -> None:
    """Where the service authorization reference names none, a policy with one allows nothing."""
    assert not call.resource or can_be_limited(call.iam_action), api


def test_what_an_argument_needs_is_one_of_the_check() -> None:
    for check in CHECKS.values():
        arguments = {"", *check.fields}
        assert check.told_by in arguments
        assert check.repair is None or check.repair.needs in arguments
        assert all(field.description for field in check.fields.values()), check.name
        assert check.repair or check.advice, f"{check.name}: what helps if no call repairs it?"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path_factory.mktemp("posture"))
        made.apply(MANIFEST)
        yield made


@pytest.fixture
def member(stage: Stage) -> Connection:
    return stage.context().connection.in_account(
        DEV[0], "orgrollout-resync-probe", US, external_id="base-7"
    )


def arguments_of(check: KnownCheck[Any], stage: Stage) -> dict[str, str]:
    """Return arguments of a check: examples, and a resource of the stack that there is."""
    given = {name: str((f.examples or ["example"])[0]) for name, f in check.fields.items()}
    instances = stage.context().stack_sets.instances(StackSetName("base-resync-role"))
    stack = next(each.stack_id for each in instances if each.pair.account == DEV[0]) or ""
    for meaning, value in (
        (Meaning.RESOURCE, "ResyncProbeRole"),
        (Meaning.STACK, stack),
        (Meaning.CONTENT, "0"),
    ):
        if key := check.meaning(meaning):
            given[key] = value
    return given


@pytest.mark.parametrize("name", CHECKS)
def test_the_role_that_looks_may_look_at_every_check(
    name: str, stage: Stage, member: Connection
) -> None:
    """A permission that is missing would show as unknown in every account."""
    check = PostureCheck(name=name, arguments=arguments_of(CHECKS[name], stage))
    stage.sandbox.calls.clear()

    seen = Looking(member).look(check)

    assert not seen.unseen, seen.reason
    sent = {call.operation for call in stage.sandbox.calls} - {"AssumeRole", "GetCallerIdentity"}
    assert sent
    assert sent <= {call.operation for call in CHECKS[name].all_reads}


def test_a_check_cannot_read_what_it_does_not_declare(
    monkeypatch: pytest.MonkeyPatch, member: Connection
) -> None:
    """Its permissions are made from what it declares."""
    name, known = next(iter(CHECKS.items()))
    assert isinstance(CHECKS, dict)
    monkeypatch.setitem(CHECKS, name, replace(known, reads=()))
    with pytest.raises(ValueError, match="does not declare that it reads"):
        Looking(member).look(PostureCheck(name=name, arguments={"rule": "r"}))
