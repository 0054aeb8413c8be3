"""The template that experiments deploy: one parameter of Systems Manager, whose value is chosen.

Standard parameters cost nothing (AWS Systems Manager pricing), neither do stack sets (AWS
CloudFormation pricing: resource types of AWS are free).
"""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Made by `orgrollout confirm` and removed by it. Harmless.
Parameters:
  Name: {Type: String, Default: orgrollout-confirm-unnamed}
  Value: {Type: String, Default: default}
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Name: !Ref Name
      Value: !Ref Value
"""
SECOND = f"{TEMPLATE}Outputs:\n  Definition: {{Value: second}}\n"
"""The same with an output: another definition."""
PARAMETER = "one parameter of Systems Manager"
