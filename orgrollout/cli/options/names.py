"""Names that options give, before anything is asked: they go into commands and policies."""

import re

from orgrollout.cli.errors import WrongUsageError
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.text.forms import ROLE_BELOW_PATH
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import AccountId


def role_named(name: str | None, option: str = "--probe-role") -> str | None:
    """Return the name of a role, if one is given.

    Raises:
        WrongUsageError: No role can be called so.
    """
    if name is None or ROLE_BELOW_PATH.fits(name):
        return name
    raise WrongUsageError(
        f"{option}: no role is called `{name}`. Give its name alone, below its path if it "
        "has one: at most 64 letters, digits and any of _+=,.@-, and no ARN."
    )


def account_named(name: str | None, manifest: Manifest) -> AccountId | None:
    """Return the account that a manifest calls so, or that has this id, if one is given.

    Raises:
        WrongUsageError: It is neither.
    """
    if name is None:
        return None
    found = manifest.accounts.get(name, name)
    if re.fullmatch(r"[0-9]{12}", found):
        return AccountId(found)
    hint = did_you_mean(name, manifest.accounts, "Give twelve digits.")
    raise WrongUsageError(f"--delegate: no account of the manifest is called `{name}`. {hint}")
