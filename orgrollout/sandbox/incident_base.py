"""What all that may be told to happen has in common."""

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.organization import Organization
from orgrollout.sandbox.records import StackSet
from orgrollout.sandbox.world import World


class IncidentBase:
    """Knows the world, and how accounts and stack sets are called."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def organization(self) -> Organization:
        """The organization as it stands."""
        return self.world.organization

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        with self.world.state.in_place():
            self.world.timeline.settle()

    def stack_set(self, name: str) -> StackSet:
        """Return the newest stack set of this name.

        Raises:
            SandboxError: There is none.
        """
        found = [each for each in self.world.stack_sets if each.name == name]
        if not found:
            raise SandboxError(f"there is no stack set {name}")
        return found[-1]

    def _id(self, account: str | None) -> str | None:
        if account is None or (account.isdigit() and account not in self.organization.accounts):
            return account
        return self.organization.find(account)
