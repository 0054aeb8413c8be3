"""The way into member accounts, for those who repair there."""

from orgrollout.aws.connection import Connection
from orgrollout.model.ids import Pair
from orgrollout.plan.plan import Inside
from orgrollout.reconcile.world import World


def enter(pair: Pair, inside: Inside, world: World) -> Connection:
    """Return a connection into an account and Region that may write.

    Raises:
        AccessDeniedError: The role does not exist there, or does not trust the caller.
    """
    return world.connection.in_account(
        pair.account,
        inside.role,
        pair.region,
        external_id=inside.external_id,
        read_only=False,
    )
