"""A manifest and an organization become the stack instances that should exist.

The one resolver: plans, coverage and explanations all ask here, so that what selects an account is
decided once. Nothing is ever targeted by omission, and everything wrong is told at once.
"""

from datetime import datetime

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import few_suggestions
from orgrollout.manifest.waivers import ending
from orgrollout.model.ids import Region, StackSetKey
from orgrollout.organization.dependencies import with_dependencies
from orgrollout.organization.desired import DesiredState
from orgrollout.organization.findings import Findings
from orgrollout.organization.snapshot import Organization
from orgrollout.organization.stack_sets import StackSetResolver
from orgrollout.organization.summary import summarize


@few_suggestions()
def desired_stack_sets(
    loaded: LoadedManifest, organization: Organization, *, home_region: Region, now: datetime
) -> DesiredState:
    """Return what a manifest wants of an organization.

    ``now`` decides which exclusions and waivers still hold.

    Raises:
        ManifestError: The organization is another one, or something that the manifest names is
            missing, ambiguous, empty or contradictory. All problems are in it, except that what
            follows from one is not looked for.
    """
    findings = Findings(loaded)
    check_organization(loaded, organization.id, findings)
    resolver = StackSetResolver(
        loaded, organization, home_region=home_region, now=now, findings=findings
    )
    stack_sets = {
        key: resolver.desired(key) for key in map(StackSetKey, loaded.manifest.stack_sets)
    }
    resolver.check_waves()
    resolver.check_rules()
    findings.raise_problems()
    stack_sets = with_dependencies(stack_sets, loaded, findings)
    findings.raise_problems()
    ends = tuple(ending(loaded, now))
    return DesiredState(
        stack_sets=stack_sets,
        accounts=summarize(stack_sets.values(), organization),
        warnings=(*findings.warnings, *ends),
        ending=ends,
    )


def check_organization(loaded: LoadedManifest, organization: str, findings: Findings) -> None:
    """Refuse an organization that the manifest is not for, where nothing it names can be right."""
    if loaded.manifest.organization != organization:
        findings.error(
            ("organization",),
            f"the manifest is for {loaded.manifest.organization}, and this is {organization}.",
            "Use credentials of the organization that is meant.",
        )
        findings.raise_problems()
