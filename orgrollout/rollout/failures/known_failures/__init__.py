"""The reasons that are known, each with its codes, words, class, advice and source.

A reason is read in steps. A few sentences are more exact than any code that comes with them (the
kind of the policy that denied it); they hold wherever they stand. Then the codes decide, of the
resource's handler and of the service. Words come last, for reasons that carry no telling code;
where none fits, a code that says little (InvalidRequest) is better than nothing.
"""

from orgrollout.rollout.failures.known_failures import (
    access,
    account,
    missing,
    passing,
    policies,
    quotas,
    resources,
    stacks,
    taken,
    template,
)
from orgrollout.rollout.failures.known_failures.codes import codes_in
from orgrollout.rollout.failures.known_failures.known import Known

# Within a step the first that fits holds, so what is more special comes first.
KNOWN: tuple[Known, ...] = (
    *account.KNOWN,
    *policies.KNOWN,
    *stacks.FIRST,
    *passing.KNOWN,
    *access.KNOWN,
    *taken.SPECIAL,
    *quotas.KNOWN,
    *resources.KNOWN,
    *missing.KNOWN,
    *taken.KNOWN,
    *template.KNOWN,
    *stacks.LAST,
)


def find_known(reason: str) -> Known | None:
    """Return the row of the table that a reason of AWS falls under, or None."""
    codes = codes_in(reason)
    steps = (
        (row for row in KNOWN if row.everywhere and row.has_words(reason)),
        (row for row in KNOWN if not row.weak and row.is_meant_by(codes, reason)),
        (row for row in KNOWN if row.has_words(reason)),
        (row for row in KNOWN if row.weak and row.is_meant_by(codes, reason)),
    )
    return next((row for step in steps for row in step), None)
