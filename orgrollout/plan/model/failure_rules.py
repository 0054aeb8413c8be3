"""What a manifest says of the reasons of failures, as a plan carries it."""

from orgrollout.manifest.schema import KnownClass, Manifest
from orgrollout.plan.model.plan import FailureRule


def kind_of(known: KnownClass) -> str:
    """Return the class of failures that the manifest calls so."""
    return known.replace("_", " ")


def failure_rules(manifest: Manifest) -> tuple[FailureRule, ...]:
    """Return the rules in the manifest's order; the first that fits a reason holds."""
    return tuple(
        FailureRule(
            kind=kind_of(kind),
            pattern=known.pattern,
            advice=known.advice,
            attempts=known.attempts,
        )
        for kind, patterns in manifest.rollout.failure_classes.items()
        for known in patterns
    )
