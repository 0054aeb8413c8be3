"""Sends what experiments ask for, and nothing that they have not declared."""

from dataclasses import dataclass

from orgrollout.aws.transport.connection import Connection
from orgrollout.confirm.steps import Call, Response
from orgrollout.errors import AwsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The role to look into the canary account with."""

    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The way to CloudFormation in the caller's account and in the canary account."""

    connection: Connection
    role: Role | None
    calls: frozenset[str]
    member_calls: frozenset[str]

    def ask(self, call: Call) -> Response:
        """Return what came of a call; its failure is an answer, too.

        Raises:
            ValueError: It was not declared, so that the printed policy would lack it.
        """
        declared = self.member_calls if call.where else self.calls
        if call.operation not in declared:
            raise ValueError(f"{call.operation} is not among the declared calls")
        try:
            where = self._connection(call)
            body = where.call("cloudformation", call.operation, call.parameters)
        except AwsError as error:
            return Response(code=error.code or type(error).__name__.removesuffix("Error"))
        return Response(body=body)

    def _connection(self, call: Call) -> Connection:
        if call.where is None or self.role is None:
            return self.connection
        return self.connection.in_account(
            call.where.account,
            self.role.name,
            call.where.region,
            external_id=self.role.external_id,
            read_only=False,
        )
