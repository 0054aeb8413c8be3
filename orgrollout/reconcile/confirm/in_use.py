"""Which stack sets may belong to a run that still goes on, such as that of another person."""

from collections.abc import Collection

from orgrollout.aws.transport.connection import Connection
from orgrollout.confirm.stack_set import LONGEST, UNDER_WAY
from orgrollout.errors import AwsError
from orgrollout.model.ids import StackSetName

_RUN = 8  # characters at the end of a name: the run


def in_use(
    names: Collection[StackSetName], call_as: str, connection: Connection
) -> frozenset[StackSetName]:
    """Return the stack sets of runs with an operation under way, or one that began lately.

    A run begins operations all the time, and waits no longer than `LONGEST` for one.
    """
    busy = {name[-_RUN:] for name in names if _is_busy(name, call_as, connection)}
    return frozenset(name for name in names if name[-_RUN:] in busy)


def _is_busy(name: StackSetName, call_as: str, connection: Connection) -> bool:
    sent = {"StackSetName": name, "CallAs": call_as}
    try:
        body = connection.call("cloudformation", "ListStackSetOperations", sent)
    except AwsError as error:
        return not error.code.startswith("StackSetNotFound")  # unknown is not idle
    lately = connection.clock.now() - LONGEST
    return any(
        each["Status"] in UNDER_WAY
        or "CreationTimestamp" not in each
        or each["CreationTimestamp"] > lately
        for each in body.get("Summaries") or ()
    )
