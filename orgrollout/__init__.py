"""Roll out CloudFormation templates to every account and Region of an AWS Organization."""

__version__ = "0.1.0"
