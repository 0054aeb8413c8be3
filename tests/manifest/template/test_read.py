"""Reading of templates, and the problems of those that cannot be used."""

import json
from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.lint import lint_templates
from orgrollout.manifest.template.builtin import builtin_names, builtin_path, export_builtins
from orgrollout.manifest.template.declared import declared_parameters
from orgrollout.manifest.template.read import builtin_template, read_template
from orgrollout.manifest.template.template import RegionGap, Template, TemplateParameter
from orgrollout.model.ids import Region
from tests.manifest.conftest import CONFIG, MANIFEST, ROLES, Load, Say, change

RESOURCES = 'Resources: {Topic: {Type: "AWS::SNS::Topic"}}\n'


def read(folder: Path, text: str) -> Template:
    path = folder / "template.yaml"
    path.write_text(text)
    template, findings = read_template(path, "template.yaml")
    assert findings.problems == []
    assert template is not None
    return template


def test_parameters_are_read_as_cloudformation_reads_them(tmp_path: Path) -> None:
    text = f"""
Parameters:
  A: {{Type: Number, Default: 010, AllowedValues: [010, 20], MinValue: 5, MaxValue: 30}}
  B: {{Type: String, Default: true, NoEcho: "true", MinLength: 1, MaxLength: 9}}
  C: {{Type: List<Number>, Default: "1,2", AllowedPattern: "\\\\d", ConstraintDescription: digits}}
{RESOURCES}"""
    assert read(tmp_path, text).parameters == {
        "A": TemplateParameter(
            name="A",
            type="Number",
            default="010",
            allowed_values=("010", "20"),
            min_value=5,
            max_value=30,
        ),
        "B": TemplateParameter(name="B", default="true", no_echo=True, min_length=1, max_length=9),
        "C": TemplateParameter(
            name="C",
            type="List<Number>",
            default="1,2",
            allowed_pattern=r"\d",
            constraint_description="digits",
        ),
    }


def test_the_needs_of_a_template_are_read_from_it(tmp_path: Path) -> None:
    text = f"""
Metadata:
  orgrollout:
    version: 1
    summary: One line.
    capabilities: [CAPABILITY_IAM]
    regions: {{exclude: [{{regions: [ap-east-2], reason: no such type}}]}}
    costs: "{{pairs}} of them"
  AWS::CloudFormation::Interface: {{ParameterGroups: []}}
{RESOURCES}"""
    metadata = read(tmp_path, text).metadata
    assert metadata.capabilities == ("CAPABILITY_IAM",)
    gap = RegionGap(regions=(Region("ap-east-2"),), reason="no such type")
    assert metadata.region_gaps == (gap,)
    assert metadata.costs == "{pairs} of them"
    assert not metadata.once_per_account


def test_a_template_without_metadata_or_parameters_is_valid(tmp_path: Path) -> None:
    template = read(tmp_path, RESOURCES)
    assert template.name == "template"
    assert template.body == RESOURCES
    assert template.parameters == {}


@pytest.mark.parametrize("indent", ["\t", 2, None])
def test_json_is_read_with_any_indentation(tmp_path: Path, indent: str | int | None) -> None:
    topic = {"T": {"Type": "AWS::SNS::Topic"}}
    body = {"Parameters": {"A": {"Type": "String"}}, "Resources": topic}
    assert set(read(tmp_path, json.dumps(body, indent=indent)).parameters) == {"A"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Resources:",
            "Resource:",
            "config.yaml:1:1: Resources: the template has no resources. "
            "Add at least one under Resources.",
        ),
        (
            "Secret: {Type: String,",
            "Secret: {",
            "config.yaml:17:11: Parameters.Secret: the parameter has no Type. Write Type: String.",
        ),
        (
            'Default: "", NoEcho: true',
            'NoEcho: true, Default: "hunter2"',
            "config.yaml:17:49: Parameters.Secret.Default: the parameter is NoEcho, and no secret "
            "belongs in a template. Remove it, and give the parameter a value in the manifest. "
            'Write "{{resolve:secretsmanager:NAME}}" or the like.',
        ),
        (
            "      Vendor: ${accounts.vendor}",
            "      Vendor: ${accounts.vendor}\n      Secret: hunter2",
            "config.yaml:9:15: Metadata.orgrollout.parameter_defaults.Secret: the parameter is "
            "NoEcho, and no secret belongs in a template. "
            'Write "{{resolve:secretsmanager:NAME}}" or the like.',
        ),
        (
            "    version: 1",
            "    version: 1\n    sumary: x",
            "config.yaml:4:5: Metadata.orgrollout.sumary: unknown key. Did you mean `summary`?",
        ),
        (
            "    version: 1",
            "    version: 1\n    capabilities: [CAPABILITY_NAMED_IM]",
            "config.yaml:4:20: Metadata.orgrollout.capabilities[0]: must not be "
            "`CAPABILITY_NAMED_IM`. Did you mean `CAPABILITY_NAMED_IAM`?",
        ),
        (
            "    version: 1",
            "    version: 1\n    regions: {exclude: [{regions: eu-wst-1, reason: x}]}",
            "config.yaml:4:35: Metadata.orgrollout.regions.exclude[0].regions: there is no Region "
            "`eu-wst-1`. Did you mean `eu-west-1`?",
        ),
        (
            "      Organization: $",
            "      Organisation: $",
            "config.yaml:6:7: Metadata.orgrollout.parameter_defaults.Organisation: the template "
            "has no parameter `Organisation`. Did you mean `Organization`?",
        ),
        (
            "${organization.id}",
            "${organization}",
            "config.yaml:6:21: Metadata.orgrollout.parameter_defaults.Organization: "
            "`${organization}` stands for nothing here. Did you mean `organization.id`?",
        ),
        (
            "  Recorder:\n",
            "\tRecorder:\n",
            "config.yaml:19:1: a tab, where YAML takes only spaces. Indent with spaces.",
        ),
        (
            "  Archive: {Type: String}\n",
            "  Archive: {Type: String}\n  Archive: {Type: String}\n",
            "config.yaml:13:3: Parameters.Archive: is given twice, first on line 12, column 3. "
            "Keep one of them.",
        ),
        (
            "Resources:",
            f"# {'x' * 1_000_000}\nResources:",  # CloudFormation takes 1 MB by TemplateURL
            "config.yaml: has more than 1,000,000 bytes. Split it into several.",
        ),
    ],
)
def test_a_mistake_in_a_template_is_reported_with_its_place_in_it(
    say: Say, folder: Path, old: str, new: str, message: str
) -> None:
    (folder / "config.yaml").write_text(change(old, new, CONFIG))
    assert say(MANIFEST) == [message]


def test_a_mistake_in_a_template_of_two_stack_sets_is_reported_once(say: Say, folder: Path) -> None:
    (folder / "roles.yaml").write_text(ROLES.replace("Resources:", "Things:"))
    assert say(change("config.yaml", "roles.yaml")) == [
        "roles.yaml:1:1: Resources: the template has no resources. "
        "Add at least one under Resources."
    ]


def test_a_deployed_template_is_read_for_its_parameters_alone() -> None:
    """A plan compares it with the new one; it may be another tool's, in JSON or without any."""
    assert declared_parameters(CONFIG)[:2] == ("Frequency", "Organization")
    assert declared_parameters('{\n\t"Parameters": {"A": {}}}') == ("A",)
    assert declared_parameters(RESOURCES) == ()
    with pytest.raises(ManifestError):
        declared_parameters("a: [")


def test_a_template_that_is_not_a_mapping_is_refused(say: Say, folder: Path) -> None:
    (folder / "config.yaml").write_text("- a\n")
    assert say(MANIFEST) == [
        "config.yaml:1:1: is no template: its top level is no mapping. Begin with Resources:."
    ]


def test_bundled_templates_can_be_read_and_exported(tmp_path: Path) -> None:
    assert {"account-roles", "config-regional", "log-buckets"} <= set(builtin_names())
    for name in builtin_names():
        template = builtin_template(name)
        assert template.metadata.summary
        assert template.file == f"builtin:{name}"
    written = export_builtins(tmp_path / "mine")
    assert [path.stem for path in written] == list(builtin_names())
    assert written[0].read_bytes() == builtin_path(written[0].stem).read_bytes()
    with pytest.raises(FileExistsError, match="nothing was written"):
        export_builtins(tmp_path / "mine")
    with pytest.raises(KeyError):
        builtin_path("../account-roles")


def test_findings_of_cfn_lint_have_places_in_the_template(load: Load, folder: Path) -> None:
    """Once for a template, for the Regions that its stack sets go to."""
    (folder / "roles.yaml").write_text('Resources:\n  A:\n    Type: "AWS::No::Such"\n')
    text = change("    parameters: {Frequency: DAILY}\n", "").replace("config.yaml", "roles.yaml")
    problems = lint_templates(load(text))
    assert [str(problem) for problem in problems] == [
        f"roles.yaml:3:5: E3006 (error) Resource type 'AWS::No::Such' does not exist in '{region}'."
        for region in ("us-east-1", "eu-west-1")
    ]


def test_a_template_at_which_cfn_lint_fails_is_reported_as_not_checked(
    load: Load, folder: Path
) -> None:
    """YAML reads a name such as No as a truth value, at which cfn-lint raises."""
    conditions = "Conditions: {No: !Equals [a, b]}\n"
    text = change("    parameters: {Frequency: DAILY}\n", "").replace("config.yaml", "roles.yaml")
    (folder / "roles.yaml").write_text(conditions + RESOURCES)
    (problem,) = lint_templates(load(text))

    assert problem.severity == "error"
    assert str(problem).startswith("roles.yaml:1:1: E0002 (error) cfn-lint stopped (TypeError)")
    assert "was not checked" in str(problem)


@pytest.mark.slow
def test_cfn_lint_reports_nothing_for_a_region_that_the_template_leaves_out(
    load: Load, folder: Path
) -> None:
    gap = "    regions: {exclude: [{regions: ap-east-2, reason: no remediation}]}\n"
    remediation = """\
Resources:
  A:
    Type: AWS::Config::RemediationConfiguration
    Properties: {ConfigRuleName: x, TargetId: y, TargetType: SSM_DOCUMENT}
"""
    text = change("governed: [us-east-1, eu-west-1]", "governed: [us-east-1, ap-east-2]")
    text = text.replace("    parameters: {Frequency: DAILY}\n", "")
    (folder / "roles.yaml").write_text(RESOURCES)
    (folder / "config.yaml").write_text(remediation)
    assert [p.line for p in lint_templates(load(text))] == [3]
    metadata = f"Metadata:\n  orgrollout:\n    version: 1\n{gap}"
    (folder / "config.yaml").write_text(metadata + remediation)
    assert lint_templates(load(text)) == []
    assert lint_templates(load(text), ["ap-east-2"]) == []


@pytest.mark.slow
def test_cfn_lint_reports_nothing_for_the_bundled_templates(load: Load) -> None:
    given = {
        "flowlogs-athena": "LogRegions: us-east-1",
        "resync-role": "CallerRole: Caller, ExternalId: base-7",
        "tamper-role": "BusAccountId: '222233334444'",
    }
    sets = "".join(
        f"  {name}: {{template: 'builtin:{name}', parameters: {{{given.get(name, '')}}}}}\n"
        for name in builtin_names()
    )
    head = "version: 1\nname: all\norganization: o-a1b2c3d4e5\ntargets: all\n"
    loaded = load(f"{head}regions: [us-east-1, eu-central-2]\nstack_sets:\n{sets}")
    assert lint_templates(loaded) == []


def test_an_unreadable_template_does_not_hide_other_mistakes(say: Say, folder: Path) -> None:
    (folder / "config.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError):
        read_template(folder / "config.yaml", "config.yaml")
    assert say(change("depends_on: [roles]", "depends_on: [rules]")) == [
        "manifest.yaml:16:18: stack_sets.config.depends_on[0]: there is no stack set `rules` in "
        "this manifest. Did you mean `roles`?",
        "config.yaml:1:1: is UTF-16 text. Save it as UTF-8.",
    ]


LARGE = change("Resources:", f"# {'x' * 51_200}\nResources:", CONFIG)


def test_a_template_too_large_for_a_call_is_refused_with_the_key_that_allows_it(
    say: Say, folder: Path
) -> None:
    (folder / "config.yaml").write_text(LARGE)

    assert say(MANIFEST) == [
        "manifest.yaml:15:15: stack_sets.config.template: has 52,048 bytes; CloudFormation takes "
        "51,200 in a call. Write `template_bucket: s3://BUCKET/PREFIX` at the top of the manifest, "
        "so that `apply` uploads it there; or shorten its comments and descriptions."
    ]
    assert say(f"{MANIFEST}template_bucket: s3://acme-templates/stack sets\n") == [
        "manifest.yaml:18:18: template_bucket: `s3://acme-templates/stack sets` names no bucket "
        "for templates. Write s3://BUCKET/PREFIX; a bucket without dots, since a URL names it."
    ]
    assert say(f"{MANIFEST}template_bucket: s3://acme-templates\n") == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Transform: AWS::Serverless-2016-10-31", "the transform AWS::Serverless-2016-10-31"),
        ("Transform: [A, {Name: B}]", "the transform A, the transform B"),
        ("Outputs: {A: {Value: {Fn::Transform: {Name: B}}}}", "Fn::Transform"),
        ("Outputs: {A: {Value: !Transform {Name: B}}}", "Fn::Transform"),
        ("# !Transform and AWS::CloudFormation::Stack", ""),
    ],
)
def test_macros_are_refused_where_cloudformation_refuses_them(
    load: Load, say: Say, folder: Path, text: str, refused: str
) -> None:
    """It refuses them when a rollout has begun."""
    (folder / "roles.yaml").write_text(f"{ROLES}{text}\n")
    refusal = (
        "manifest.yaml:13:15: stack_sets.roles.template: CloudFormation refuses it in a "
        f"service-managed stack set: {refused}. Write the resources out, or write "
        "`permission_model: self_managed`."
    )

    assert say(MANIFEST) == ([refusal] if refused else [])
    self_managed = "roles.yaml\n    permission_model: self_managed"
    assert load(change("roles.yaml", self_managed)).templates.keys() == {"roles", "config"}


def test_a_nested_stack_is_refused_where_cloudformation_refuses_it(say: Say, folder: Path) -> None:
    (folder / "roles.yaml").write_text(f'{ROLES}  Child: {{Type: "AWS::CloudFormation::Stack"}}\n')

    (refusal,) = say(MANIFEST)

    assert "service-managed stack set: the nested stack Child." in refusal
