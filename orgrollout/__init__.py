"""Roll out CloudFormation templates to every account and Region of an AWS Organization.

Programs come in through ``orgrollout.api`` (docs/api.md), people through the command line
(``orgrollout.cli``). docs/architecture.md shows the rooms behind both.
"""

__version__ = "0.1.0"
