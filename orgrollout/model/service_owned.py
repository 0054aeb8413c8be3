"""Stack sets that a service of AWS made, and changes by itself: no manifest may take them over.

Sources: names of AWS Control Tower as in aws-control-tower-config-customization; Quick Setup in the
Systems Manager user guide; stack set constraints in the Service Catalog administrator guide.
Tags that begin with `aws:` are for services alone (CloudFormation API reference, Tag).
"""

import re
from collections.abc import Iterable

CONTROL_TOWER = "AWSControlTower"  # begins the names of its stack sets
_BY_NAME = (
    (
        re.compile(CONTROL_TOWER),
        "AWS Control Tower made it: a change puts the landing zone into drift, and the next update "
        "or repair of the landing zone undoes it",
    ),
    (
        re.compile(r"AWS-QuickSetup-"),
        "Quick Setup of AWS Systems Manager made it, and changes it by itself",
    ),
    (
        re.compile(r"SC-\d{12}-"),
        "AWS Service Catalog made it for a provisioned product, and changes it by itself",
    ),
)


def owning_service(name: str, tags: Iterable[str] = ()) -> str:
    """Return which service a stack set belongs to, and what follows; empty: none is known.

    ``tags`` are the keys of its tags.
    """
    found = next((why for pattern, why in _BY_NAME if pattern.match(name)), "")
    reserved = sorted(key for key in tags if key.startswith("aws:"))
    if not found and reserved:
        return f"a service of AWS made it, as its tag {reserved[0]} tells, and changes it by itself"
    return found
