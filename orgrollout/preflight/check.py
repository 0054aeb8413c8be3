"""All checks, in the order in which a person fixes what they find."""

from orgrollout.manifest.once_advice import cure, once_words
from orgrollout.preflight.access import (
    delegated_administrators,
    self_managed_roles,
    trusted_access,
)
from orgrollout.preflight.bucket import template_bucket
from orgrollout.preflight.deliveries import deliveries
from orgrollout.preflight.facts import Facts
from orgrollout.preflight.finding import Check, Finding
from orgrollout.preflight.places import opt_in_regions, quotas, suspended_accounts
from orgrollout.preflight.policies import service_control_policies
from orgrollout.preflight.preconditions import preconditions
from orgrollout.preflight.recorders import recorders

CHECKS = (
    trusted_access,
    delegated_administrators,
    self_managed_roles,
    opt_in_regions,
    quotas,
    template_bucket,
    recorders,
    preconditions,
    deliveries,
    service_control_policies,
    suspended_accounts,
)


def preflight(facts: Facts) -> tuple[Check, ...]:
    """Return what each check found."""
    return (*(check(facts) for check in CHECKS), made_once(facts), templates(facts))


def made_once(facts: Facts) -> Check:
    """Look for what an account, or the organization, has once and would be made several times."""
    found = tuple(
        Finding(
            where=f"stack_sets.{key}",
            why=once_words(desired.once),
            mend=f"# {cure(key, desired.once)}",
        )
        for key, desired in facts.desired.items()
        if not desired.once.is_nothing
    )
    looked_at = "nothing is made twice that there is once"
    return Check(name="names taken once", findings=found, looked_at=looked_at)


def templates(facts: Facts) -> Check:
    """Hold each template against the Regions it goes to; cfn-lint knows what exists where."""
    found = tuple(
        Finding(
            where=":".join(str(p) for p in (problem.file, problem.line) if p is not None),
            why=problem.message,
            mend=problem.fix or "# correct the template, or leave the Region out",
        )
        for problem in facts.templates
    )
    return Check(name="templates", findings=found, looked_at="cfn-lint finds no error")
