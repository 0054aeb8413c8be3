"""Roll a manifest out from a program, and report every account and Region that is not current.

python docs/examples/roll_out.py baseline.yaml
"""

import sys
from collections import Counter
from collections.abc import Mapping

from orgrollout import api
from orgrollout.errors import OrgRolloutError


def roll_out(client: "api.Client", manifest: "api.LoadedManifest") -> Mapping[str, int]:
    """Return how many accounts and Regions are in each state after the rollout."""
    plan = client.plan(manifest)
    for operation, pair, reason in plan.changes():
        print(f"{operation.stack_set} {operation.action} {pair.account} {pair.region}: {reason}")
    if not plan.is_empty and client.frozen_until(plan) is None:
        ended = client.drive(client.begin(plan), follow=tell)
        print(f"{ended.state.id}: {ended.state.outcome}")
    rows = client.coverage(manifest)
    for row in rows:
        if row.state != "current":
            print(f"{row.stack_set} {row.pair.account} {row.pair.region}: {row.state} {row.reason}")
    return Counter(row.state.value for row in rows)


def tell(tick: "api.Tick") -> None:
    """Print what happened."""
    for event in tick.events:
        print(f"{event.kind}: {event.text}")


def main() -> int:
    """Roll out the manifest that is named; 1 where something went wrong."""
    try:
        manifest = api.load(sys.argv[1])
        with api.connect(manifest, progress=lambda line: print(line, file=sys.stderr)) as client:
            print(dict(roll_out(client, manifest)))
    except OrgRolloutError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
