"""StackSets itself: definitions, targets, operations, and the life of a stack instance."""
