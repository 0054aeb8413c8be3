"""What a person should know before a plan is carried out, and that does not stand in its way."""

from collections.abc import Iterator, Mapping

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.compare import Differences
from orgrollout.plan.request import Request


def warnings_of(request: Request, differences: Mapping[StackSetKey, Differences]) -> Iterator[str]:
    """Yield the warnings, each of them whole."""
    for key, difference in differences.items():
        alone = {pair.account: reason for pair, reason in difference.left_alone.items()}
        for account, reason in sorted(alone.items()):
            yield f"{key}: stack instances in {account} are left alone: {reason}"
    for key, desired in request.desired.items():
        inventory = request.deployed(desired)
        for operation in inventory.running if inventory else ():
            yield f"{key}: operation {operation} is under way on {desired.name}"
    for name in request.inventory.orphaned:
        yield (
            f"stack set {name} was made by this manifest, which no longer names it. It is left "
            "alone; `state: absent` would take it away."
        )
