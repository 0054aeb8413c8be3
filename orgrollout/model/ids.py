"""Identifiers, each with a type of its own so that none is mistaken for another."""

import hashlib
import json
from typing import Any, NamedTuple, NewType

AccountId = NewType("AccountId", str)  # twelve digits
Region = NewType("Region", str)  # e.g. eu-west-1
UnitId = NewType("UnitId", str)  # a root (r-...) or an organizational unit (ou-...)
StackSetKey = NewType("StackSetKey", str)  # what the manifest calls it
StackSetName = NewType("StackSetName", str)  # what CloudFormation calls it
OperationId = NewType("OperationId", str)
RolloutId = NewType("RolloutId", str)
Digest = NewType("Digest", str)  # 16 hexadecimal digits


class Pair(NamedTuple):
    """Where a stack instance lives: one account in one Region."""

    account: AccountId
    region: Region

    def __str__(self) -> str:
        return f"{self.account} {self.region}"


def digest_of(value: Any) -> Digest:
    """Return the digest of a value that JSON can hold; the order of keys makes no difference."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Digest(hashlib.sha256(text.encode()).hexdigest()[:16])
