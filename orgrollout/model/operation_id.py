"""Operation ids that say what they do, so that even without a journal AWS itself remembers.

CloudFormation lets the caller choose an operation's id and takes it as idempotency token. Ours
reads `or-<rollout>-<n>-a<attempt>-<state digest>-<intent digest>`: a stack instance whose last
operation carries the state digest that is wanted has been given exactly that.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from orgrollout.model.ids import Digest, OperationId, RolloutId, digest_of

NO_STATE = Digest("0" * 16)  # of a removal: nothing is there afterwards
MAX_LENGTH = 100
_OURS = re.compile(
    r"or-(?P<rollout>.+)-(?P<number>\d+)-a(?P<attempt>\d+)"
    r"-(?P<state>[0-9a-f]{16})-(?P<intent>[0-9a-f]{16})"
)

# Of no rollout, and it says nothing of a state: a drift detection changes none.
_DETECTION = re.compile(r"ordrift-\d{8}T\d{6}Z-[0-9a-f]{16}")


class OperationName(NamedTuple):
    """What an operation id of ours says."""

    rollout: RolloutId
    number: int  # counts operations within the rollout
    attempt: int  # 1 for the first try of these stack instances
    state: Digest
    intent: Digest

    @property
    def id(self) -> OperationId:
        """Return the id, at most 100 characters long for the names a manifest may have."""
        return OperationId(
            f"or-{self.rollout}-{self.number}-a{self.attempt}-{self.state}-{self.intent}"
        )


@lru_cache(maxsize=4096)  # many stack instances share few operations
def read_operation_id(operation: str | None) -> OperationName | None:
    """Return what an id says, or None where it is not one of ours."""
    found = _OURS.fullmatch(operation or "")
    if not found:
        return None
    return OperationName(
        RolloutId(found["rollout"]),
        int(found["number"]),
        int(found["attempt"]),
        Digest(found["state"]),
        Digest(found["intent"]),
    )


def is_ours(operation: str) -> bool:
    """Return whether an id is of a form that only we choose."""
    return read_operation_id(operation) is not None or is_own_detection(operation)


def detection_id(now: datetime, what: Any) -> OperationId:
    """Return the id of a drift detection that is committed now; ``what`` tells it from others."""
    moment = now.astimezone(UTC)
    return OperationId(f"ordrift-{moment:%Y%m%dT%H%M%SZ}-{digest_of([str(moment), what])}")


def is_own_detection(operation: str) -> bool:
    """Return whether an operation is a drift detection of ours."""
    return _DETECTION.fullmatch(operation) is not None
