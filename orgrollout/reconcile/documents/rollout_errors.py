"""Why a rollout cannot be found, begun or resumed."""

from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.documents.claims import called


class NoSuchRolloutError(OrgRolloutError):
    """The journal does not know the rollout."""


class SeveralRolloutsError(NoSuchRolloutError):
    """Several are open, and none of them was named."""


class OpenRolloutError(OrgRolloutError):
    """Another rollout may still change the same stack sets. Nothing was started."""

    def __init__(self, other: RolloutId, stack_set: StackSetName) -> None:
        super().__init__(
            f"{called(stack_set)} is held by rollout {other}, which may still go on; nothing was "
            f"started. `orgrollout status {other}` shows what it waits for; `--supersede` stops it "
            "and takes over from it for good."
        )
        self.other = other
        self.stack_set = stack_set


class LaterRolloutError(OrgRolloutError):
    """A later rollout has changed the same stack sets. Nothing was started."""

    def __init__(self, rollout: RolloutId, other: RolloutId, stack_set: StackSetName) -> None:
        super().__init__(
            f"{called(stack_set)} was changed by {other} since {rollout} ended, so {rollout} "
            "cannot go on; nothing was started. `orgrollout plan` shows what is left to do."
        )
        self.other = other
