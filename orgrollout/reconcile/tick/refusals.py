"""What CloudFormation refuses for good: told to the rollout, instead of being sent for ever."""

from orgrollout import errors
from orgrollout.errors import AwsError
from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationRequest
from orgrollout.reconcile.context import Context
from orgrollout.rollout.state.decision import Refused

# However often it is sent again: as things stand the response is the same. What the
# caller lacks (credentials, permissions) is not here: that is fixed, and then goes on.
REFUSALS = (
    errors.InvalidOperationError,
    errors.InvalidRequestError,
    errors.OperationIdIgnoredError,
    errors.QuotaError,
    errors.RejectedError,
    errors.StackInstanceNotFoundError,
    errors.StackSetNotFoundError,
)


def refused(error: AwsError, request: OperationRequest, context: Context) -> Refused:
    """Return what was refused, and which stack instances are the reason if some are gone.

    An account that left takes its stack instances with it, and CloudFormation then refuses the
    whole operation (it wants every account x Region to be there).
    """
    reason = error.said or str(error)
    absent: frozenset[Pair] = frozenset()
    own: OwnVerdict | None = None
    if isinstance(error, errors.StackInstanceNotFoundError):
        there = {instance.pair for instance in context.stack_sets.instances(request.stack_set)}
        absent = request.pairs - there
        own = OwnVerdict(cause=Cause.INSTANCE_GONE)
        reason = "the stack instance is gone: its account left, or another user removed it"
    return Refused(id=request.id, reason=reason, absent=absent, own=own)
