"""Templates under the eyes of cfn-lint, for the Regions that they go to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from orgrollout.errors import Problem
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import StackSetKey

Severity = Literal["error", "warning", "informational"]


def lint_templates(
    loaded: LoadedManifest, regions: Sequence[str] = (), *, only: str | None = None
) -> list[Problem]:
    """Return what cfn-lint says of the templates, each of them once.

    ``regions``: lint for these. Without them, for the Regions of the stack sets that use the
    template, apart from those that the template says it cannot go to.
    """
    wanted: dict[str, tuple[Template, dict[str, None]]] = {}
    for key, template in loaded.templates.items():
        if only not in {None, template.file}:
            continue
        gaps = {region for gap in template.metadata.region_gaps for region in gap.regions}
        own = [r for r in regions or loaded.regions(key) if r not in gaps]
        wanted.setdefault(template.file, (template, {}))[1].update(dict.fromkeys(own))
    return [
        problem
        for template, regions_of in wanted.values()
        for problem in _lint(template, list(regions_of))
    ]


# Errors to cfn-lint, and no errors to CloudFormation: it takes any metadata but null, as the
# templates of AWS's own Security Reference Architecture have it (`Metadata: SRA: Version: 1.1`).
TAKEN = frozenset({"E4001", "E4002"})
_SEVERITIES: Mapping[str, Severity] = {
    "error": "error",
    "warning": "warning",
    "informational": "informational",
}


def lint_manifest(loaded: LoadedManifest, also_accepted: Collection[str] = ()) -> list[Problem]:
    """Return what cfn-lint says of the templates, without the rules that the manifest accepts."""
    return [
        problem
        for key, template in _each_template(loaded)
        for problem in lint_templates(loaded, only=template)
        if not _is_accepted(problem, {*loaded.accepted_lint(key), *also_accepted})
    ]


def _each_template(loaded: LoadedManifest) -> Iterator[tuple[tuple[StackSetKey, ...], str]]:
    """Yield each template once, with the stack sets that use it."""
    users: dict[str, list[StackSetKey]] = {}
    for key, template in loaded.templates.items():
        users.setdefault(template.file, []).append(key)
    for file, keys in users.items():
        yield tuple(keys), file


def _is_accepted(problem: Problem, accepted: Collection[str]) -> bool:
    rule = problem.message.partition(" ")[0]
    return any(
        rule == each or (len(each) < len(rule) and rule.startswith(each)) for each in accepted
    )


def _severity(rule: str, severity: str, message: str) -> Severity:
    if rule in TAKEN and "None is not" not in message:
        return "warning"
    return _SEVERITIES.get(severity, "error")


def _lint(template: Template, regions: list[str]) -> Iterator[Problem]:
    # Imported here, since it takes longer than all else together and only `validate` needs it.
    from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.decode.decode import decode_str  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.helpers import REGION_PRIMARY, REGIONS  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.runner.template import run_template_by_data  # type: ignore[import-untyped]  # noqa: PLC0415

    known = [region for region in regions if region in REGIONS]
    config = ConfigMixIn([], regions=known or [REGION_PRIMARY])
    body, matches = decode_str(template.body)
    if body is not None and not matches:
        try:
            rules = _rules(tuple(config.append_rules), config.custom_rules)
            matches = list(run_template_by_data(body, config, rules))
        except Exception as error:  # noqa: BLE001 - cfn-lint's own: as it names what a rule raises
            yield Problem(
                message=f"E0002 (error) cfn-lint stopped ({type(error).__name__}): this template "
                "was not checked.",
                file=template.file,
                line=1,
                column=1,
                severity="error",
                fix="Write names that YAML reads as text (not No, Yes, On, Off, 1), or accept "
                "E0002 in `templates.lint`.",
            )
            return
    for match in sorted(matches, key=lambda m: (m.linenumber, m.columnnumber, m.rule.id)):
        severity = _severity(match.rule.id, match.rule.severity, match.message)
        yield Problem(
            message=f"{match.rule.id} ({severity}) {match.message.rstrip('.')}.",
            file=template.file,
            line=match.linenumber,
            column=match.columnnumber,
            severity=severity,
        )


@cache
def _rules(_folders: tuple[str, ...], _custom: str | None) -> Any:
    """Return cfn-lint's rules, and those that its settings add: all templates share them."""
    from cfnlint.config import ConfigMixIn  # noqa: PLC0415
    from cfnlint.runner import Runner  # type: ignore[import-untyped]  # noqa: PLC0415

    return Runner(ConfigMixIn([])).rules
