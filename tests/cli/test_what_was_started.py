"""Started operations are reported from the journal, independent of reads of AWS."""

import re
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.errors import OperationIdIgnoredError
from orgrollout.model.ids import AccountId, OperationId, Region, StackSetName
from orgrollout.model.operation import OperationAction, OperationRequest
from orgrollout.model.stack_set import PermissionModel
from tests.cli.support import Program
from tests.faulty import Faulty, between

REFUSED = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    b"<Message>Stack with id or-1 does not exist</Message></Error></ErrorResponse>"
)


@pytest.fixture
def faulty(program: Program) -> Iterator[Faulty]:
    with between(program.sandbox) as made:
        yield made


def test_a_refused_read_never_reports_that_nothing_was_started(
    program: Program, faulty: Faulty
) -> None:
    """And there is a way out, which is named: other commands must not all end the same way."""
    faulty.refuse("DescribeStackSetOperation", REFUSED)

    applied = program("apply", program.manifest(), "--yes")

    assert applied.code == 1
    (begun,) = program.operations()
    assert "nothing was started" not in applied.err.lower()
    assert "this is a bug" not in applied.err
    assert "DescribeStackSetOperation" in applied.err
    assert f"1 under way or about to be sent ({begun.id})" in applied.err

    shown = program("status", "--format", "json")
    assert shown.code == 0
    assert [(o["id"], o["status"]) for o in shown.json["operations"]] == [(begun.id, "UNKNOWN")]
    assert f"what became of {begun.id} is not known" in program("status").out

    stopped = program("stop")
    assert stopped.code == 1
    assert "nothing was started" not in stopped.err.lower()
    assert "orgrollout unlock base-1" in stopped.err

    assert program("unlock", "base-1", "--force").code == 0
    faulty.changes.clear()
    program.sandbox.settle()
    again = program("apply", program.manifest(), "--yes")
    assert again.code == 0, again.err
    assert len(program.operations()) <= 2


def test_an_endpoint_that_ignores_operation_ids_is_recognised_at_once(
    program: Program, faulty: Faulty
) -> None:
    own = b"<OperationId>0f1e2d3c-aaaa-bbbb-cccc-000000000000</OperationId>"
    faulty.change(
        "CreateStackInstances", lambda body: re.sub(rb"<OperationId>.*</OperationId>", own, body)
    )

    applied = program("apply", program.manifest(), "--yes")

    assert applied.code == 4
    assert "ignores OperationId" in applied.out
    assert "moto, LocalStack" in applied.out
    assert faulty.answered.count("CreateStackInstances") == 1
    faulty.changes.clear()
    assert program("status").code == 0
    assert program("plan", program.manifest()).code == 0


def test_the_id_of_another_own_operation_is_not_taken_for_an_ignored_id(
    program: Program, faulty: Faulty
) -> None:
    """A cache gave the response to an earlier request: a running operation seemed not begun."""
    assert program("apply", program.manifest(), "--yes").code == 0
    faulty.spoil("UpdateStackSet", "stale")
    faulty.seen["UpdateStackSet"].extend(faulty.seen["CreateStackInstances"])
    faulty.change(
        "UpdateStackSet", lambda body: body.replace(b"CreateStackInstances", b"UpdateStackSet")
    )
    changed = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "b"}}}

    applied = program("apply", program.manifest(stack_sets=changed), "--yes")

    assert applied.code == 0, applied.out + applied.err
    assert len(program.operations()) == 2


@pytest.mark.slow
def test_moto_itself_ignores_operation_ids() -> None:
    with mock_aws():
        client = boto3.client("cloudformation", region_name="us-east-1")
        client.create_stack_set(StackSetName="base", TemplateBody='{"Resources": {}}')
        request = OperationRequest(
            id=OperationId("or-1"),
            stack_set=StackSetName("base"),
            action=OperationAction.CREATE,
            accounts=(AccountId("123456789012"),),
            regions=(Region("us-east-1"),),
            permission_model=PermissionModel.SELF_MANAGED,
        )
        with pytest.raises(OperationIdIgnoredError, match=r"ignores OperationId.*moto, LocalStack"):
            StackSets(connect(region="us-east-1"), call_as="self").start(request)
