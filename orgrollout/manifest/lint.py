"""Templates under the eyes of cfn-lint, for the Regions that they go to."""

from collections.abc import Iterator, Sequence

from orgrollout.errors import Problem
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template import Template


def lint_templates(loaded: LoadedManifest, regions: Sequence[str] = ()) -> list[Problem]:
    """Return what cfn-lint says of the templates, each of them once.

    ``regions``: lint for these. Without them, for the Regions of the stack sets that use the
    template, apart from those that the template says it cannot go to.
    """
    wanted: dict[str, tuple[Template, dict[str, None]]] = {}
    for key, template in loaded.templates.items():
        gaps = {region for gap in template.metadata.region_gaps for region in gap.regions}
        own = [r for r in regions or loaded.regions(key) if r not in gaps]
        wanted.setdefault(template.file, (template, {}))[1].update(dict.fromkeys(own))
    return [
        problem
        for template, regions_of in wanted.values()
        for problem in _lint(template, list(regions_of))
    ]


def _lint(template: Template, regions: list[str]) -> Iterator[Problem]:
    # Imported here, since it takes longer than all else together and only `validate` needs it.
    from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.decode.decode import decode_str  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.helpers import REGION_PRIMARY, REGIONS  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.runner import Runner  # type: ignore[import-untyped]  # noqa: PLC0415

    known = [region for region in regions if region in REGIONS]
    config = ConfigMixIn([], regions=known or [REGION_PRIMARY])
    body, matches = decode_str(template.body)
    if body is not None and not matches:
        matches = list(Runner(config).validate_template(body))
    for match in sorted(matches, key=lambda m: (m.linenumber, m.columnnumber, m.rule.id)):
        yield Problem(
            message=f"{match.rule.id} ({match.rule.severity}) {match.message.rstrip('.')}.",
            file=template.file,
            line=match.linenumber,
            column=match.columnnumber,
        )
