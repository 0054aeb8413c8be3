"""`apply` in a sandbox names the resources that the sandbox only recorded."""

from orgrollout.cli.actions.rollout.simulated import recorded_only
from tests.cli.support import Program


def test_apply_says_how_many_resources_were_only_recorded(program: Program) -> None:
    """Two accounts with a hub each; the server lists them, the next `apply` does not."""
    path = program.manifest()
    template = program.folder / "topic.yaml"
    body = template.read_text()
    template.write_text(f"{body.rstrip()}\n  Hub: {{Type: AWS::SecurityHub::Hub}}\n")
    ran = program("apply", path, "--yes")
    assert ran.code == 0
    number = len(program.sandbox.unprovisioned)
    assert number > 1
    assert f"sandbox: {number} resources were only recorded, not created" in ran.err + ran.out
    assert "AWS::SecurityHub::Hub" in ran.err + ran.out
    again = program("apply", path, "--yes")
    assert "only recorded" not in again.err + again.out


def test_recorded_types_are_listed_by_frequency() -> None:
    kinds = ["AWS::A::A", "AWS::B::B", "AWS::B::B", "C", "D", "E"]
    assert recorded_only(kinds) == (
        "sandbox: 6 resources were only recorded, not created: AWS::B::B 2, AWS::A::A 1, C 1, D 1 "
        "and 1 more type. Their properties and behavior were not checked."
    )
    assert recorded_only(kinds[:1]).startswith("sandbox: 1 resource was only recorded")
    assert recorded_only(()) == ""
