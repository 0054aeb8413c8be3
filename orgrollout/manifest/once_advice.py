"""What is said of what an account, or an organization, has once, and what to write instead."""

from collections.abc import Iterator
from dataclasses import replace

from orgrollout.errors import Problem
from orgrollout.manifest.loaded import ENABLED, LoadedManifest
from orgrollout.manifest.once_only import OnceOnly, once_only
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.model.ids import StackSetKey

_EXAMPLES = ("111111111111", "222222222222")  # accounts, where the real ones are not known


def made_once_only(loaded: LoadedManifest) -> Iterator[Problem]:
    """Yield a warning for each stack set that would make in several places what there is once."""
    for key, template in loaded.templates.items():
        regions = loaded.regions(key)
        if ENABLED in regions:
            regions = (*(r for r in regions if r != ENABLED), "us-east-1", "us-west-2")
        regions = tuple(dict.fromkeys(r for r in regions if r in PARTITIONS)) or ("us-east-1",)
        stack_set = loaded.manifest.stack_sets[key]
        found = once_only(
            template,
            regions,
            {**loaded.parameter_defaults(key), **stack_set.parameters},
            accounts=_EXAMPLES[: 1 if _is_one_account(loaded, key) else 2],
            open_parameters=loaded.overridden(key),
        )
        if not found.is_nothing:
            problem = loaded.problem(("stack_sets", key), once_words(found), cure(key, found))
            yield replace(problem, severity="warning")


def _is_one_account(loaded: LoadedManifest, key: StackSetKey) -> bool:
    targets = loaded.manifest.stack_sets[key].targets or loaded.manifest.targets
    if targets is None or targets.everyone:
        return False
    named = [block.accounts for block in targets.include]
    return len(named) == 1 and named[0] is not None and len(named[0]) == 1


def once_words(once: OnceOnly) -> str:
    """Return what is there once, and what comes of making it again."""
    parts = []
    if once.in_account:
        parts.append(
            f"{'; '.join(once.in_account)}. An account has it once, whatever the Region: all but "
            "one Region fail."
        )
    if several := (*once.anywhere, *once.in_organization):
        parts.append(f"{'; '.join(several)}. All but one stack instance fail.")
    if once.by_region:
        parts.append(f"{'; '.join(once.by_region)}. All accounts but one fail.")
    return " ".join(parts)


def cure(key: str, once: OnceOnly) -> str:
    """Return what to write in the manifest. Another name is no help with what has none."""
    home = f"Write `regions: home` in stack_sets.{key}"
    if once.in_organization or (once.by_region and (once.in_account or once.anywhere)):
        return f"{home} and target one account."
    if once.by_region:
        return (
            f"Target one account in stack_sets.{key}: the one that administers AWS Config for the "
            "organization. Its Regions may stay."
        )
    if once.anywhere:
        return f"{home} and target one account; or make the name from the account and the Region."
    return f"{home}, or make the name from the Region."
