"""What can be wrong with a manifest of the right shape, as far as it shows without AWS.

Unknown and ambiguous organizational units need the organization, and are found there.
"""

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.checks.drift import check_drift
from orgrollout.manifest.checks.names import check_names
from orgrollout.manifest.checks.order import check_order
from orgrollout.manifest.checks.parameters import check_parameters
from orgrollout.manifest.checks.plan_rules import check_plan_rules
from orgrollout.manifest.checks.regions import check_regions
from orgrollout.manifest.checks.rollout import check_rollout
from orgrollout.manifest.checks.service_owned import check_service_owned
from orgrollout.manifest.checks.stack_sets import check_stack_sets
from orgrollout.manifest.checks.targets import check_targets
from orgrollout.manifest.checks.waivers import check_waivers
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.document import Findings
from orgrollout.manifest.unsupported import refuse_unsupported


def check(loaded: LoadedManifest, findings: Findings) -> None:
    """Note everything that is wrong; what ``findings`` calls broken is not in ``loaded``."""
    checking = Checking(loaded, findings)
    check_names(checking)
    check_targets(checking)
    check_regions(checking)
    check_stack_sets(checking)
    check_service_owned(checking)
    check_order(checking)
    check_parameters(checking)
    check_rollout(checking)
    check_plan_rules(checking)
    check_drift(checking)
    check_waivers(checking)
    refuse_unsupported(loaded.root, findings)
