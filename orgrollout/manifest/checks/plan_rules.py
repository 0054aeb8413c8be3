"""Rules on plans: whether the stack sets that they name are known. One that is not never holds."""

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.text.shorthand import did_you_mean


def check_plan_rules(checking: Checking) -> None:
    """Note rules about stack sets that the manifest does not have."""
    for i, rule in enumerate(checking.manifest.guards.rules):
        for j, key in enumerate(rule.stack_sets or ()):
            if not checking.is_known("stack_sets", key):
                fix = did_you_mean(key, checking.known("stack_sets"))
                path = ("guards", "rules", i, "stack_sets", j)
                checking.note(path, f"there is no stack set `{key}`.", fix)
