"""What is deployed for orgrollout itself: templates, kept as CloudFormation reads them."""
