"""CloudFormation StackSets in the words of the domain."""
