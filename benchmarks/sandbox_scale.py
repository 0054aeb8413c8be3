"""How large an organization the sandbox carries: 10,000 accounts x 17 Regions.

170,000 stack instances pass the quota of one stack set (100,000), so two stack sets share
the Regions. Prints the CPU to deploy them (without templates' resources), the rate at which they
are listed, the CPU to find the one in a hundred that drifted, and the peak memory
of the process.

    python benchmarks/sandbox_scale.py [ACCOUNTS]
"""

import resource
import sys
import time
from typing import Any

import boto3
from botocore.config import Config

from orgrollout.sandbox import Sandbox, Settings

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
    *("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1"),
    *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
)
TEMPLATE = "Resources: {Group: {Type: AWS::Logs::LogGroup}}"
PREFERENCES: Any = {
    "MaxConcurrentPercentage": 100,
    "FailureTolerancePercentage": 10,
    "RegionConcurrencyType": "PARALLEL",
}


def organization(accounts: int) -> dict[str, Any]:
    """Return an organization of 500 units."""
    units: dict[str, Any] = {f"unit{number}": {"accounts": []} for number in range(500)}
    for number in range(accounts):
        account = {"name": f"a{number}", "id": f"{100_000_000_000 + number}"}
        units[f"unit{number % 500}"]["accounts"].append(account)
    return {
        "organization": "o-a1b2c3d4e5",
        "regions": list(REGIONS),
        "root": {"organizational_units": units},
    }


def detect(sandbox: Sandbox, client: Any, name: str) -> int:
    """Let one instance in a hundred drift, and return how many a detection finds."""
    difference = ("/RetentionInDays", "30", "7", "NOT_EQUAL")
    sandbox.drifted(name, "Group", "AWS::Logs::LogGroup", [difference], share=0.01)
    client.detect_stack_set_drift(StackSetName=name, OperationPreferences=PREFERENCES)
    sandbox.run_to_end()
    found = client.describe_stack_set(StackSetName=name)["StackSet"]
    return int(found["StackSetDriftDetectionDetails"]["DriftedStackInstancesCount"])


def main(accounts: int) -> None:
    """Deploy, list, and print what it took."""
    began = time.process_time()
    settings = Settings(deploy_resources=False)
    with Sandbox.start(organization(accounts), settings=settings) as sandbox:
        client = boto3.client("cloudformation", config=Config(parameter_validation=False))
        print(f"organization of {accounts:,} accounts: {time.process_time() - began:.1f} s")
        began = time.process_time()
        halves = {"west": REGIONS[:8], "east": REGIONS[8:]}
        for name, regions in halves.items():
            client.create_stack_set(
                StackSetName=name, TemplateBody=TEMPLATE, PermissionModel="SERVICE_MANAGED"
            )
            client.create_stack_instances(
                StackSetName=name,
                DeploymentTargets={"OrganizationalUnitIds": [sandbox.organization.root_id]},
                Regions=list(regions),
                OperationPreferences=PREFERENCES,
            )
        sandbox.run_to_end()
        done = sum(len(sandbox.operations(name)[-1].succeeded) for name in halves)
        print(f"deployed {done:,} stack instances: {time.process_time() - began:.1f} s")
        began = time.process_time()
        listed = sum(
            len(page["Summaries"])
            for name in halves
            for page in client.get_paginator("list_stack_instances").paginate(StackSetName=name)
        )
        taken = time.process_time() - began
        print(f"listed {listed:,} with {taken:.1f} s of CPU: {listed / taken:,.0f} a second")
        began = time.process_time()
        drifted = sum(detect(sandbox, client, name) for name in halves)
        print(f"found {drifted:,} that drifted: {time.process_time() - began:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:,.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
