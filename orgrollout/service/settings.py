"""Where the service works: what its template gives to its functions as variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from orgrollout.errors import OrgRolloutError


class SettingsError(OrgRolloutError):
    """A variable of the function is missing. Nothing was done."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the variable {name} is not set; nothing was done. Deploy the functions with the "
            "template that `orgrollout service template` prints."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The bucket of the service, its state machine and its Region."""

    bucket: str
    machine: str  # ARN of the state machine
    region: str  # the home Region of every manifest

    @property
    def journal(self) -> str:
        """Return the journal, as `--journal` takes it on a laptop."""
        return f"s3://{self.bucket}/journal"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings of a function.

        Raises:
            SettingsError: One is missing.
        """

        def value(name: str) -> str:
            if not environment.get(name):
                raise SettingsError(name)
            return environment[name]

        return cls(
            bucket=value("ORGROLLOUT_BUCKET"),
            machine=value("ORGROLLOUT_STATE_MACHINE"),
            region=value("AWS_REGION"),
        )
