"""A stack set: a template, where it goes, with which parameters, and how its template is linted."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from orgrollout.manifest.schema.part import Flag, Part
from orgrollout.manifest.schema.selection import ParameterOverride, Targets
from orgrollout.manifest.text.forms import ExecutionRoleName, LintRule, RoleArn
from orgrollout.manifest.text.values import Names, Texts
from orgrollout.model.stack_set import PermissionModel

Ownership = Annotated[
    PermissionModel,
    BeforeValidator(
        lambda value: value.upper() if isinstance(value, str) else value,
        json_schema_input_type=Literal[
            "service_managed", "self_managed", "SERVICE_MANAGED", "SELF_MANAGED"
        ],
    ),
]


class Lint(Part):
    """Which findings of cfn-lint are accepted in a template."""

    accept: tuple[LintRule, ...] = ()
    """Ids of rules that are accepted, such as W2001; `W` stands for all warnings."""


class TemplatesLint(Lint):
    """The same for all templates, and what `validate` refuses."""

    severity: Literal["error", "warning", "informational"] = "error"
    """The least that `validate` refuses: `error`, `warning`, `informational`."""


class Templates(Part):
    """What holds for all templates."""

    lint: TemplatesLint = TemplatesLint()
    """Which findings of cfn-lint are accepted, and which are refused."""


class StackSet(Part):
    """One stack set: a template, where it goes, and with which parameters."""

    written: ClassVar = 'Write at least {template: "..."}.'

    template: str | None = None
    """A file, relative to the manifest, or builtin:NAME."""
    stack_set_name: str | None = None
    """What CloudFormation calls it. Default: the manifest's name, a hyphen, the key."""
    state: Literal["present", "absent"] = "present"
    """`absent` takes the stack set away; removing its key leaves it alone."""
    adopt: Flag = False
    """Take over a stack set that exists and is not ours."""
    import_stacks: Texts = ()
    """Ids (ARNs) of stacks that exist, to become stack instances instead of new stacks."""
    description: str = Field(default="", max_length=1024)
    """What CloudFormation shows."""
    targets: Targets | None = None
    """Which accounts. Default: the manifest's."""
    regions: Names | None = None
    """Which Regions. Default: the manifest's; for templates that go once to each account, the home
    Region."""
    depends_on: Texts | None = None
    """Keys of stack sets that come first, account by account. Default: what the template says."""
    parameters: dict[str, str] = Field(default={})
    """Values for the template's parameters. `${...}` stands for something."""
    parameter_overrides: tuple[ParameterOverride, ...] = ()
    """Other values for some accounts or Regions; later ones win."""
    tags: dict[str, str] = Field(default={})
    """Tags for the stacks and what is in them."""
    capabilities: Texts | None = None
    """What the template may do, such as CAPABILITY_NAMED_IAM. Default: what the template says."""
    permission_model: Ownership = PermissionModel.SERVICE_MANAGED
    """Who provides the roles: AWS Organizations, or you."""
    administration_role_arn: RoleArn | None = None
    """The role to work with; self_managed only."""
    execution_role_name: ExecutionRoleName | None = None
    """The role in each account; self_managed only."""
    managed_execution: Flag | None = None
    """Let operations of this stack set run side by side (CloudFormation's managed execution).
    Default: as it is; off where the stack set is new."""
    auto_deployment: Flag = False
    """Let CloudFormation deploy to new accounts by itself."""
    retain_stacks: Flag | None = None
    """Keep the stacks of instances that are removed. Default: the one of `guards`."""
    lint: Lint = Lint()
    """Which findings of cfn-lint its template may have, besides `templates.lint`."""
