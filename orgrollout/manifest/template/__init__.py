"""CloudFormation templates: what they say of themselves, and what they need."""
