"""Can what is too large for a call go by way of the bucket that the manifest names?"""

from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.importing import MAX_NAMED
from orgrollout.plan.commands import aws
from orgrollout.preflight.facts import Facts
from orgrollout.preflight.finding import Check, Finding, Unknown

_NAME = "template bucket"
_WITHOUT_CONSTRAINT = "us-east-1"  # CreateBucket takes a LocationConstraint everywhere else


def needs_bucket(desired: DesiredStackSet) -> bool:
    """Return whether a stack set's template, or its list of imports, may go by way of a bucket."""
    return desired.definition.is_large or len(desired.imports) > MAX_NAMED


def template_bucket(facts: Facts) -> Check:
    """Look whether the bucket is there. Whether it can be written shows only by writing."""
    place = facts.loaded.manifest.template_bucket
    using = [d for d in facts.desired.values() if needs_bucket(d)]
    if place is None or not using:
        return Check(name=_NAME, looked_at="everything fits into calls to CloudFormation")
    if isinstance(facts.bucket_region, Unknown):
        return Check(name=_NAME, not_checked=(facts.bucket_region.reason,), blind=True)
    if facts.bucket_region is None:
        return Check(name=_NAME, findings=(_missing(facts, place, using),))
    return Check(name=_NAME, not_checked=tuple(_unseen(place, facts.bucket_region, using)))


def _missing(facts: Facts, place: str, using: list[DesiredStackSet]) -> Finding:
    bucket = place.removeprefix("s3://").partition("/")[0]
    names = ", ".join(desired.key for desired in using)
    constraint = ("--create-bucket-configuration", f"LocationConstraint={facts.home_region}")
    elsewhere = () if facts.home_region == _WITHOUT_CONSTRAINT else constraint
    where = ("--bucket", bucket, "--region", facts.home_region)
    return Finding(
        where=f"template_bucket {place}",
        why=f"there is no such bucket, and {names} cannot be sent without it.",
        mend=aws("s3api", "create-bucket", *where, *elsewhere),
    )


def _unseen(place: str, region: str, using: list[DesiredStackSet]) -> list[str]:
    """Return what only `apply` can tell, since a preflight writes nothing."""
    gaps = [f"{place} is there, in {region}; whether the caller may write to it shows in `apply`"]
    managed = {desired.definition.permission_model for desired in using}
    if PermissionModel.SELF_MANAGED in managed:
        gaps.append(
            "AWS asks for s3:* in execution roles, and does not say of which buckets: let them "
            "read this one"
        )
    return gaps
