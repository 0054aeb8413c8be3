"""The partitions that botocore knows and moto does not: what is in them is not called ``aws``."""

from moto.utilities import utils

from orgrollout.sandbox.partitions import prefixes


def install() -> None:
    """Teach moto the partitions that it lacks; it tells them by the beginning of a Region."""
    for prefix, partition in prefixes().items():
        if partition not in (*utils.PARTITION_NAMES, utils.DEFAULT_PARTITION):
            utils.REGION_PREFIX_TO_PARTITION[prefix] = partition
            utils.PARTITION_NAMES.append(partition)
