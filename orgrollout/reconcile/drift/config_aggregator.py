"""An aggregator that is asked before any account is, once for each rule."""

import threading
from collections.abc import Callable

from orgrollout.aws.member_accounts.config_aggregator import aggregated_compliance
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, CredentialsError
from orgrollout.model.ids import Pair
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.registry import CHECKS
from orgrollout.posture.remediation import RULE

_GOOD = {"COMPLIANT", "NOT_APPLICABLE"}


class Aggregator:
    """Knows where rules exist, are evaluated, and hold; of all else the account itself is asked.

    Threads may share it.
    """

    def __init__(
        self, connection: Connection, name: str | None, progress: Callable[[str], None]
    ) -> None:
        """Ask the aggregator of that name; without a name nothing is known."""
        self._connection = connection
        self._name = name
        self._progress = progress
        self._good: dict[str, frozenset[Pair]] = {}
        self._lock = threading.Lock()

    def knows_ok(self, check: PostureCheck, pair: Pair) -> bool:
        """Return whether the check is known to hold there without asking the account."""
        if self._name is None or not CHECKS[check.name].is_aggregated:
            return False
        return pair in self._of(self._name, check.arguments[RULE])

    def _of(self, name: str, rule: str) -> frozenset[Pair]:
        with self._lock:
            if rule not in self._good:
                self._good[rule] = self._ask(name, rule)
            return self._good[rule]

    def _ask(self, name: str, rule: str) -> frozenset[Pair]:
        try:
            found = list(aggregated_compliance(self._connection, name, rule))
        except CredentialsError:
            raise
        except AwsError as error:
            self._progress(f"aggregator {name}: the accounts are asked instead. {error}")
            return frozenset()
        return frozenset(pair for pair, compliance in found if compliance in _GOOD)
