"""The delivery channel of AWS Config exists, and what it sent last arrived in the bucket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from orgrollout.posture.aws_config import failure_of
from orgrollout.posture.definition import Arguments, Call, KnownCheck, Reader
from orgrollout.posture.seen import PostureSeen, broken, ok, unknown

STATUS = Call(api="config:DescribeDeliveryChannelStatus", always=("DeliveryChannelsStatus[].name",))


class Channel(Arguments):
    """Which channel."""

    channel: str | None = Field(None, description="its name; without, any")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFact:
    """A delivery channel (DescribeDeliveryChannelStatus)."""

    name: str
    delivered: bool  # something arrived in the bucket, at the last attempt of its kind
    failure: str = ""


def look(reader: Reader, arguments: Channel) -> PostureSeen:
    """Read the delivery channels of the account and judge them."""
    found = reader.one(STATUS).get("DeliveryChannelsStatus", ())
    return judge([_fact(each) for each in found], arguments.channel)


def judge(found: Sequence[DeliveryFact], name: str | None) -> PostureSeen:
    """The channel exists, and its last deliveries arrived. Before the first it is unknown."""
    meant = [each for each in found if name in {None, each.name}]
    if not meant:
        there = f"; there is {found[0].name}" if found else ""
        return broken(
            f"there is no delivery channel{f' {name}' if name else ''}{there}", name or ""
        )
    first = meant[0]
    if first.failure:
        why = f"the delivery channel {first.name} does not deliver: {first.failure}"
        return broken(why, first.name)
    if not first.delivered:
        return unknown(f"the delivery channel {first.name} has delivered nothing so far")
    return ok(f"{first.name} delivers")


def _fact(found: Mapping[str, Any]) -> DeliveryFact:
    # The stream goes to SNS, where there is a topic; what counts is what reaches the bucket.
    kinds = ("configHistoryDeliveryInfo", "configSnapshotDeliveryInfo")
    infos = [found.get(kind) or {} for kind in kinds]
    failures = [why for why in map(failure_of, infos) if why]
    return DeliveryFact(
        name=found["name"],
        delivered=any(str(each.get("lastStatus", "")).lower() == "success" for each in infos),
        failure=failures[0] if failures else "",
    )


CHECK = KnownCheck(
    name="config-delivery",
    noun="delivery channels",
    arguments=Channel,
    reads=(STATUS,),
    look=look,
    ok="history or a snapshot was delivered, and the last attempts did not fail",
    broken="there is none; a delivery failed",
    unknown="nothing was delivered so far",
    shows_delivery=True,
    advice="the reason is outside, such as the bucket's policy; another DeliveryGuard may help",
)
