"""A simulated organization that answers AWS calls as StackSets would."""
