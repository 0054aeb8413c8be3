"""The partitions of AWS: which one a Region is in, and what its names and hosts begin with.

All of it is in botocore's endpoints.json. An organization is in one partition: that of its home
Region.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import botocore.session

DEFAULT = "aws"
_ARN = re.compile(r"^arn:aws-[a-z-]+:")


@dataclass(frozen=True, slots=True)
class _Partition:
    name: str
    domain: str
    regions: frozenset[str]
    form: re.Pattern[str]
    """The names that its Regions have, known or not."""


@lru_cache(maxsize=1)
def _known() -> tuple[_Partition, ...]:
    data = botocore.session.Session().get_data("endpoints")
    return tuple(
        _Partition(
            each["partition"],
            each["dnsSuffix"],
            frozenset(each["regions"]),
            re.compile(each["regionRegex"]),
        )
        for each in data["partitions"]
    )


@lru_cache(maxsize=512)
def partition_of(region: str) -> str:
    """Return the partition of a Region: ``aws-cn`` for ``cn-north-1``; ``aws`` if none has it."""
    found = (each.name for each in _known() if region in each.regions or each.form.match(region))
    return next(found, DEFAULT)


@lru_cache(maxsize=512)
def domain_of(region: str) -> str:
    """Return the domain of a Region's hosts: ``amazonaws.com.cn`` for ``cn-north-1``."""
    wanted = partition_of(region)
    return next(each.domain for each in _known() if each.name == wanted)


@lru_cache(maxsize=1)
def known_regions() -> frozenset[str]:
    """Return the Regions of all partitions, also those that botocore is about to know."""
    data = botocore.session.Session().get_data("partitions")
    named = {name for each in data["partitions"] for name in each["regions"]}
    real = {name for name in named if not name.endswith("-global")}
    return frozenset(real).union(*(each.regions for each in _known()))


@lru_cache(maxsize=1)
def domains() -> tuple[str, ...]:
    """Return the domains of all partitions."""
    return tuple(dict.fromkeys(each.domain for each in _known()))


def prefixes() -> dict[str, str]:
    """Return what Regions begin with, and their partition: ``cn-`` is ``aws-cn``."""
    return {
        "-".join(region.split("-")[:-2]) + "-": each.name
        for each in _known()
        for region in sorted(each.regions)
    }


def in_default_partition(text: str) -> str:
    """Return a text with its ARN, if it is one, as it would be in the partition ``aws``."""
    return _ARN.sub(f"arn:{DEFAULT}:", text)
