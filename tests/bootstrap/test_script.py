"""What is printed to be run is run as it was meant, whatever names it holds."""

import shlex

from orgrollout.bootstrap.as_text import as_script
from orgrollout.bootstrap.steps import SelfManaged, Situation, steps
from orgrollout.model.ids import AccountId, Region, StackSetName
from orgrollout.model.stack_set import CallAs, PermissionModel
from orgrollout.plan.commands import aws, for_stack_set
from tests.bootstrap.aws_cli import check_command, commands_of

ADMINISTRATOR = AccountId("111111111111")
ODD = "x; touch found; # $HOME `id`"


def test_a_name_is_one_word_of_a_script() -> None:
    roles = SelfManaged(
        administration_role=ODD, execution_role=ODD, opt_in_regions=(), actions=("sns:*",)
    )
    found = Situation(
        manifest="baseline.yaml",
        partition="aws",
        home_region=Region("us-east-1"),
        management=ADMINISTRATOR,
        administrator=ADMINISTRATOR,
        service_managed=False,
        access=None,
        trusted=None,
        delegates={},
        config_administrators=(),
        self_managed=(roles,),
        policies={},
    )

    commands = list(commands_of(as_script(steps(found))))

    assert [check_command(words).name for words in commands] == ["CreateRole", "PutRolePolicy"] * 2
    assert all(words[words.index("--role-name") + 1] == ODD for words in commands)


def test_only_a_service_managed_stack_set_is_called_as_a_delegate() -> None:
    def command(model: PermissionModel) -> str:
        return for_stack_set(
            "delete-stack-set",
            StackSetName("base"),
            home_region=Region("us-east-1"),
            model=model,
            call_as=CallAs.DELEGATED_ADMIN,
        )

    assert shlex.split(aws("sns", ODD)) == ["aws", "sns", ODD]
    assert command(PermissionModel.SERVICE_MANAGED).endswith("--call-as DELEGATED_ADMIN")
    assert "--call-as" not in command(PermissionModel.SELF_MANAGED)
