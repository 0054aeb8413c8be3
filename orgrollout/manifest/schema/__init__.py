"""The manifest's shape: what may be written, where, and what holds when nothing is written.

Shape only. Whether names refer to something, and whether a template takes a parameter, is checked
by `checks`; where in the file a problem stands is known to `load`. What a key means is written
below its field, and nowhere else.
"""

from orgrollout.manifest.schema.drift import (
    Drift,
    DriftIgnore,
    ResyncWindow,
    Unattended,
    Weekday,
)
from orgrollout.manifest.schema.guards import Accounts, Guards, OnProblem, PlanRule
from orgrollout.manifest.schema.manifest import Event, Manifest, Notification
from orgrollout.manifest.schema.part import Flag, Part
from orgrollout.manifest.schema.rollout import (
    CallRate,
    FailurePattern,
    FreezeWindow,
    Gate,
    KnownClass,
    Preferences,
    Retry,
    Rollout,
    Sample,
    Wave,
)
from orgrollout.manifest.schema.selection import (
    Block,
    Exclusion,
    Match,
    ParameterOverride,
    Targets,
)
from orgrollout.manifest.schema.service import AutoApprove, Service
from orgrollout.manifest.schema.stack_sets import Lint, StackSet, Templates, TemplatesLint
from orgrollout.manifest.schema.waivers import Waiver

__all__ = [
    "Accounts",
    "AutoApprove",
    "Block",
    "CallRate",
    "Drift",
    "DriftIgnore",
    "Event",
    "Exclusion",
    "FailurePattern",
    "Flag",
    "FreezeWindow",
    "Gate",
    "Guards",
    "KnownClass",
    "Lint",
    "Manifest",
    "Match",
    "Notification",
    "OnProblem",
    "ParameterOverride",
    "Part",
    "PlanRule",
    "Preferences",
    "ResyncWindow",
    "Retry",
    "Rollout",
    "Sample",
    "Service",
    "StackSet",
    "Targets",
    "Templates",
    "TemplatesLint",
    "Unattended",
    "Waiver",
    "Wave",
    "Weekday",
]
