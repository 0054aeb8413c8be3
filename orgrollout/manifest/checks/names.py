"""Names that the manifest gives: accounts, groups of Regions, groups of targets."""

import re

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.loaded import ENABLED, HOME
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.text.shorthand import did_you_mean

_ACCOUNT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def check_names(checking: Checking) -> None:
    """Note names that mean something else already, and a home Region that there is not."""
    manifest = checking.manifest
    for name in manifest.accounts:
        if not _ACCOUNT_NAME.fullmatch(name):
            fix = "Use letters, digits, hyphens and underscores, a letter first."
            checking.note(("accounts", name), f"`{name}` cannot be a name.", fix, key=True)
    for name in manifest.region_groups:
        if name in PARTITIONS or name in {HOME, ENABLED, "all"}:
            message = f"`{name}` means something already."
            checking.note(("region_groups", name), message, "Choose another name.", key=True)
    if "all" in manifest.target_groups:
        message = "`all` means every account already."
        checking.note(("target_groups", "all"), message, "Choose another name.", key=True)
    home = manifest.home_region
    if home and home not in PARTITIONS:
        message = f"there is no Region `{home}`."
        fix = did_you_mean(home, PARTITIONS, "Write one such as us-east-1.")
        checking.note(("home_region",), message, fix)
