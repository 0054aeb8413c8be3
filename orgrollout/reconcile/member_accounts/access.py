"""The way into member accounts, for those who repair there."""

from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import Pair
from orgrollout.plan.model.plan import Inside
from orgrollout.reconcile.context import Context


def enter(pair: Pair, inside: Inside, context: Context) -> Connection:
    """Return a connection into an account and Region that may write.

    Raises:
        AccessDeniedError: The role does not exist there, or does not trust the caller.
    """
    return context.connection.in_account(
        pair.account,
        inside.role,
        pair.region,
        external_id=inside.external_id,
        read_only=False,
    )
