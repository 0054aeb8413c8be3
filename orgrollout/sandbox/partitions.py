"""The partitions of AWS: which one a Region is in, and what its names and hosts begin with."""

from functools import lru_cache

import botocore.session


@lru_cache(maxsize=1)
def _known() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return each partition with its domain and its Regions (botocore's endpoints.json)."""
    data = botocore.session.Session().get_data("endpoints")
    return tuple(
        (each["partition"], each["dnsSuffix"], tuple(each["regions"]))
        for each in data["partitions"]
    )


_PREFIXES = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """Return the partition of a Region: ``aws-cn`` for ``cn-north-1``."""
    found = (name for prefix, name in _PREFIXES.items() if region.startswith(prefix))
    return next(found, "aws")


def domain_of(region: str) -> str:
    """Return the domain of a Region's hosts: ``amazonaws.com.cn`` for ``cn-north-1``."""
    wanted = partition_of(region)
    return next((domain for name, domain, _ in _known() if name == wanted), "amazonaws.com")


@lru_cache(maxsize=1)
def domains() -> tuple[str, ...]:
    """Return the domains of all partitions."""
    return tuple(dict.fromkeys(domain for _, domain, _ in _known()))
