"""What is deployed, as CloudFormation and the journal tell it."""
