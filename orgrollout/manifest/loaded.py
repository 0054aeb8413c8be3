"""A manifest that was read and found sound, with its templates and its places in the file."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orgrollout.errors import Problem
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.document import FieldPath, Item, problem_at
from orgrollout.manifest.text.substitution import (
    ACCOUNT_PREFIX,
    ENVIRONMENT_PREFIX,
    HOME_REGION,
    ORGANIZATION_ID,
    references,
)
from orgrollout.model.ids import StackSetKey, StackSetName

HOME = "home"  # the Region that the stack sets live in
ENABLED = "enabled"  # every Region that an account has enabled
PREREQUISITES, REST, REMOVALS = "prerequisites", "rest", "removals"  # waves that every plan has


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedManifest:
    """A manifest, the templates of its stack sets, and where everything was written."""

    path: Path
    manifest: Manifest
    templates: Mapping[StackSetKey, Template]  # every stack set but those with `state: absent`
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    root: Item = field(repr=False)

    def stack_set_name(self, key: StackSetKey) -> StackSetName:
        """Return what CloudFormation calls a stack set."""
        given = self.manifest.stack_sets[key].stack_set_name
        return StackSetName(given or f"{self.manifest.name}-{key}")

    def depends_on(self, key: StackSetKey) -> tuple[StackSetKey, ...]:
        """Return the stack sets that come first: as the manifest says, else as the template does.

        A template names templates; those that no other stack set here uses are passed over.
        """
        given = self.manifest.stack_sets[key].depends_on
        if given is not None:
            return tuple(StackSetKey(name) for name in given)
        template = self.templates.get(key)
        if template is None or not (wanted := template.metadata.depends_on):
            return ()
        return tuple(k for k, t in self.templates.items() if t.name in wanted and k != key)

    def capabilities(self, key: StackSetKey) -> tuple[str, ...]:
        """Return what the template may do: as the manifest says, else as the template does."""
        given = self.manifest.stack_sets[key].capabilities
        if given is not None or key not in self.templates:
            return given or ()
        return self.templates[key].metadata.capabilities

    def parameter_defaults(self, key: StackSetKey) -> Mapping[str, str]:
        """Return the template's own defaults, without those that name an account unknown here."""
        template = self.templates.get(key)
        defaults = template.metadata.parameter_defaults if template else {}
        return {
            name: text
            for name, text in defaults.items()
            if all(
                self.root.get("accounts", r.removeprefix(ACCOUNT_PREFIX)) is not None
                for r in references(text)
                if r.startswith(ACCOUNT_PREFIX)
            )
        }

    def accepted_lint(self, keys: Iterable[StackSetKey]) -> frozenset[str]:
        """Return the rules of cfn-lint that are accepted for the template of these stack sets."""
        own = (self.manifest.stack_sets[key].lint.accept for key in keys)
        return frozenset(self.manifest.templates.lint.accept).union(*own)

    def overridden(self, key: StackSetKey) -> frozenset[str]:
        """Return the parameters that differ from one stack instance to another."""
        overrides = self.manifest.stack_sets[key].parameter_overrides
        return frozenset(name for override in overrides for name in override.parameters)

    def expand_regions(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return Regions for names of Regions and groups; `home` stays where it is not written."""
        groups, home = self.manifest.region_groups, self.manifest.home_region
        members = (member for name in names for member in groups.get(name, (name,)))
        return tuple(dict.fromkeys(home if home and m == HOME else m for m in members))

    def regions(self, key: StackSetKey) -> tuple[str, ...]:
        """Return where a stack set may go, by what is written: its own Regions, or the manifest's.

        A template that goes once to each account goes to one of them, the home Region by default.
        """
        own = self.manifest.stack_sets[key].regions
        template = self.templates.get(key)
        if own is None and template and template.metadata.once_per_account:
            return self.expand_regions([HOME])
        return self.expand_regions(own or self.manifest.regions or ())

    @property
    def argument(self) -> str:
        """Return its path as it is written on a command line."""
        return shlex.quote(str(self.path))

    @property
    def home_region(self) -> str | None:
        """Return the Region that the stack sets live in, as far as the manifest alone tells.

        Where everything goes to one Region, that is it. Otherwise it has to be written: what the
        shell happens to say would make a second baseline in another shell.
        """
        if self.manifest.home_region:
            return self.manifest.home_region
        regions = set(self.named_regions())
        return regions.pop() if len(regions) == 1 and ENABLED not in regions else None

    def named_regions(self) -> tuple[str, ...]:
        """Return all Regions that the stack sets may go to, in the order they are written."""
        present = (
            StackSetKey(k) for k, s in self.manifest.stack_sets.items() if s.state != "absent"
        )
        return tuple(dict.fromkeys(r for key in present for r in self.regions(key) if r != HOME))

    def at_home(self, region: str) -> "LoadedManifest":
        """Return the manifest as one that has this home Region."""
        manifest = self.manifest.model_copy(update={"home_region": region})
        return replace(self, manifest=manifest)

    def home_is_missing(self, proposed: str, why: str) -> Problem:
        """Return the problem of a manifest that does not say where its stack sets live."""
        message = (
            "is missing. Stack sets live in one Region, and another shell or runner would deploy "
            "all of them a second time from another."
        )
        return self.problem(("home_region",), message, f"Write `home_region: {proposed}` ({why}).")

    def offboarded(self) -> "LoadedManifest":
        """Return the manifest with every stack set taken away, as if each were `state: absent`."""
        absent = {
            key: stack_set.model_copy(update={"state": "absent"})
            for key, stack_set in self.manifest.stack_sets.items()
        }
        return replace(self, manifest=self.manifest.model_copy(update={"stack_sets": absent}))

    @property
    def values(self) -> Mapping[str, str]:
        """Return what `${...}` stands for, as far as the manifest and the environment tell.

        The management account, and a home Region that is not written, come from the caller.
        """
        manifest = self.manifest
        home = {HOME_REGION: manifest.home_region} if manifest.home_region else {}
        return {
            ORGANIZATION_ID: manifest.organization,
            **home,
            **{f"{ACCOUNT_PREFIX}{name}": id_ for name, id_ in manifest.accounts.items()},
            **{f"{ENVIRONMENT_PREFIX}{name}": text for name, text in self.environment.items()},
        }

    def written(self, path: FieldPath) -> FieldPath:
        """Return where a field was written: a target group's blocks stand where the group does."""
        item, rest = self.root.nearest(path)
        return item.path + rest

    def problem(self, field_path: FieldPath, message: str, fix: str = "") -> Problem:
        """Return a problem with what stands under a path, e.g. ("stack_sets", "x", "regions", 0).

        Paths are those of `Manifest`; short forms and target groups lead to where they are written.
        """
        return problem_at(str(self.path), self.root, field_path, message, fix)
