"""A CloudFormation template: its text, its parameters, and what it says of itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from orgrollout.model.ids import Region

_DYNAMIC = re.compile(r"\{\{resolve:(?:ssm|ssm-secure|secretsmanager):(?:[^{}]|\$\{[^{}]*\})+\}\}")


def is_dynamic_reference(text: str) -> bool:
    """Return whether CloudFormation looks the value up, so that the text gives nothing away."""
    return _DYNAMIC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameter:
    """A parameter as the template declares it."""

    name: str
    type: str = "String"
    default: str | None = None
    no_echo: bool = False
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    constraint_description: str = ""
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None

    @property
    def is_list(self) -> bool:
        """Return whether a value is split at its commas."""
        return self.type == "CommaDelimitedList" or "List<" in self.type

    @property
    def gives_secret_away(self) -> bool:
        """Return whether a secret can be read in the template."""
        default = self.default or ""
        return self.no_echo and default != "" and not is_dynamic_reference(default)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionGap:
    """Regions a template cannot go to."""

    regions: tuple[Region, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCheck:
    """A posture check as the template asks for it; arguments may hold `${ParameterName}`."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # parameters, their values


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMetadata:
    """`Metadata: orgrollout:` of a template. The manifest wins over all of it."""

    summary: str = ""
    capabilities: tuple[str, ...] = ()
    once_per_account: bool = False
    depends_on: tuple[str, ...] = ()  # names of templates
    region_gaps: tuple[RegionGap, ...] = ()
    parameter_defaults: Mapping[str, str] = field(default_factory=dict)
    costs: str = ""  # may hold {pairs}, {accounts}, {regions}
    leaves_behind: str = ""
    posture: tuple[TemplateCheck, ...] = ()
    preconditions: tuple[TemplateCheck, ...] = ()  # what has to hold before it is deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that can be sent."""

    name: str  # the file's stem
    body: str
    parameters: Mapping[str, TemplateParameter]
    metadata: TemplateMetadata
    file: str = ""  # as errors name it
    self_managed_only: tuple[str, ...] = ()  # what service-managed stack sets cannot have, in words
