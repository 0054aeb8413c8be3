"""Organization files for people: a commented starter, and the shape of a real organization."""

from collections.abc import Mapping
from typing import Any

import yaml

STARTER = """\
# A simulated organization to rehearse in. `orgrollout sandbox start FILE` answers AWS's APIs
# for it on this machine.

organization: o-a1b2c3d4e5          # the id that manifests name
management_account: {id: "999999999999", name: management}
home_region: us-east-1              # where the stack sets live
regions: [us-east-1, us-west-2, eu-west-1]

delegated_administrators: [audit]   # members that may administer stack sets
# opt_in_regions: {eu-south-1: [management, shop_prod]}   # or: all

root:
  organizational_units:
    Security:
      accounts:
        - {name: log_archive, id: "111122223333"}   # ids in quotes; left out, they follow
        - {name: audit, tags: {baseline: strict}}   # from the names
    Workloads:
      organizational_units:
        Prod:
          accounts: [shop_prod, search_prod]
        Test:
          accounts:
            - shop_test
            - {name: search_test, state: SUSPENDED}

# What goes wrong, by kind: fail, stuck, slow, deny, gate, throttle, server_error,
# lose_response, delay, expire_credentials, disable_region, suspend, close, move, leave,
# add_account, hide. `times: always` is for good; spans are seconds.
faults:
  - fail: {account: shop_test, region: us-east-1, times: 1, reason: Rate exceeded}

# What AWS leaves undocumented, and how long things take: see docs/sandbox.md.
# settings: {median_duration: 40, result_lag: 5, empty_pages: true}
"""


def starter() -> str:
    """Return the text of a starter organization file."""
    return STARTER


class _Quoted(str):
    """Text that is written in quotes, because YAML would read a number."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes account ids in quotes."""


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def dump_organization(document: Mapping[str, Any], heading: str) -> str:
    """Return an organization file with ``heading`` as its comment."""
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    text = yaml.dump(
        _quoted(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return f"{comment}\n{text}"


def _quoted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _quoted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_quoted(each) for each in value]
    return _Quoted(value) if isinstance(value, str) and value.isdigit() else value
