"""All experiments, in the order they run: what a rollout depends on comes first."""

from collections.abc import Iterable

from orgrollout.confirm.experiment import Experiment
from orgrollout.confirm.experiments import (
    conflicting_operations,
    create_on_current,
    detection_without_instances,
    duplicate_operation_id,
    empty_overrides,
    executed_change_set,
    omitted_parameters,
    overrides_stored,
    region_order_rest,
    revert_drift,
    skipped_result,
    skipped_status,
    stop_reason,
    stopped_detection,
    suspended_delete,
    update_instances_definition,
    update_resets_drift,
)

EXPERIMENTS: tuple[Experiment, ...] = (
    update_instances_definition.EXPERIMENT,
    revert_drift.EXPERIMENT,
    executed_change_set.EXPERIMENT,
    empty_overrides.EXPERIMENT,
    omitted_parameters.EXPERIMENT,
    duplicate_operation_id.EXPERIMENT,
    create_on_current.EXPERIMENT,
    overrides_stored.EXPERIMENT,
    update_resets_drift.EXPERIMENT,
    conflicting_operations.EXPERIMENT,
    region_order_rest.EXPERIMENT,
    stop_reason.EXPERIMENT,
    stopped_detection.EXPERIMENT,
    detection_without_instances.EXPERIMENT,
    skipped_result.EXPERIMENT,
    skipped_status.EXPERIMENT,
    suspended_delete.EXPERIMENT,
)
BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


def chosen(names: Iterable[str]) -> tuple[Experiment, ...]:
    """Return the experiments of these names, in their order; all where there are none."""
    wanted = frozenset(names)
    return tuple(e for e in EXPERIMENTS if not wanted or e.name in wanted)
