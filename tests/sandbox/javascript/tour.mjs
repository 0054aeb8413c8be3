// Create, deploy, list, drift, delete, with the SDK for JavaScript as its user writes it.
import {
  CloudFormationClient,
  CreateStackInstancesCommand,
  CreateStackSetCommand,
  DeleteStackInstancesCommand,
  DeleteStackSetCommand,
  DescribeStackSetCommand,
  DescribeStackSetOperationCommand,
  DetectStackSetDriftCommand,
  ListStackSetOperationResultsCommand,
  ListStackSetsCommand,
  paginateListStackInstances,
} from "@aws-sdk/client-cloudformation";
import {
  ListOrganizationalUnitsForParentCommand,
  ListRootsCommand,
  OrganizationsClient,
} from "@aws-sdk/client-organizations";
import { readFileSync } from "node:fs";

const cloudformation = new CloudFormationClient({});
const organizations = new OrganizationsClient({});
const StackSetName = "js";

async function wait({ OperationId }) {
  for (;;) {
    const { StackSetOperation: seen } = await cloudformation.send(
      new DescribeStackSetOperationCommand({ StackSetName, OperationId }),
    );
    if (!["QUEUED", "RUNNING", "STOPPING"].includes(seen.Status)) {
      console.log(seen.Action, seen.Status);
      return;
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

const { Roots } = await organizations.send(new ListRootsCommand({}));
const { OrganizationalUnits } = await organizations.send(
  new ListOrganizationalUnitsForParentCommand({ ParentId: Roots[0].Id }),
);
const unit = OrganizationalUnits.find((each) => each.Name === "Workloads").Id;
const made = await cloudformation.send(
  new CreateStackSetCommand({
    StackSetName,
    TemplateBody: readFileSync("template.yaml", "utf8"),
    PermissionModel: "SERVICE_MANAGED",
  }),
);
console.log(made.StackSetId.split(":")[0]);
const where = {
  StackSetName,
  DeploymentTargets: { OrganizationalUnitIds: [unit] },
  Regions: ["us-east-1"],
  OperationPreferences: { MaxConcurrentPercentage: 100, FailureTolerancePercentage: 0 },
};
const created = await cloudformation.send(new CreateStackInstancesCommand(where));
await wait(created);
const results = await cloudformation.send(
  new ListStackSetOperationResultsCommand({ StackSetName, OperationId: created.OperationId }),
);
console.log("results", results.Summaries.length);
let count = 0;
for await (const page of paginateListStackInstances(
  { client: cloudformation, pageSize: 5 },
  { StackSetName },
)) {
  count += page.Summaries.filter((each) => each.Status === "CURRENT").length;
}
console.log("instances", count);
await wait(await cloudformation.send(new DetectStackSetDriftCommand({ StackSetName })));
const described = await cloudformation.send(new DescribeStackSetCommand({ StackSetName }));
console.log("drift", described.StackSet.StackSetDriftDetectionDetails.DriftStatus);
try {
  await cloudformation.send(
    new CreateStackInstancesCommand({
      ...where,
      DeploymentTargets: { OrganizationalUnitIds: [unit], AccountFilterType: "NOPE" },
    }),
  );
} catch (error) {
  console.log(error.name, error.$metadata.httpStatusCode);
}
await wait(
  await cloudformation.send(new DeleteStackInstancesCommand({ ...where, RetainStacks: false })),
);
await cloudformation.send(new DeleteStackSetCommand({ StackSetName }));
const left = await cloudformation.send(new ListStackSetsCommand({ Status: "ACTIVE" }));
console.log("left", left.Summaries.length);
