"""Which checks hold for one stack instance, with every reference in them replaced. Pure."""

from collections.abc import Iterator, Mapping

from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.content import (
    NotComparableError,
    expected_content,
    expected_output,
)
from orgrollout.manifest.template.posture import PARAMETERS
from orgrollout.manifest.template.template import Template, TemplateCheck
from orgrollout.manifest.text.substitution import substitute
from orgrollout.model.ids import Pair
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.definition import Meaning
from orgrollout.posture.registry import CHECKS

UNKNOWN_VALUE = "{{resolve:}}"  # as of a parameter that is a dynamic reference


def checks_for(
    template: Template, parameters: Mapping[str, str], pair: Pair, stack: str | None
) -> Iterator[PostureCheck]:
    """Yield the checks of a template for a pair.

    ``parameters`` are all that the stack instance has, overrides included; ``stack`` is the id of
    its stack. Where a parameter's value is a dynamic reference, so is the argument.
    """
    values = {
        **parameters,
        "AWS::AccountId": pair.account,
        "AWS::Region": pair.region,
    }
    if pair.region in PARTITIONS:
        values["AWS::Partition"] = PARTITIONS[pair.region]
    values |= {f"{PARAMETERS}{name}": value for name, value in parameters.items()}
    for asked in template.metadata.posture:
        if all(values.get(name) in allowed for name, allowed in asked.when.items()):
            yield _resolved(template, asked, values, stack)


def _resolved(
    template: Template, asked: TemplateCheck, values: Mapping[str, str], stack: str | None
) -> PostureCheck:
    arguments = {name: substitute(text, values) for name, text in asked.arguments.items()}
    known = CHECKS[asked.name]
    if (key := known.meaning(Meaning.STACK)) and stack:
        arguments[key] = stack
    if (key := known.meaning(Meaning.CONTENT)) and (named := known.meaning(Meaning.RESOURCE)):
        digest = _content(template, arguments[named], values)
        arguments |= {key: digest} if digest else {}
    if (key := known.meaning(Meaning.OUTPUT)) in arguments:
        arguments[key] = _output(template, arguments[key], values)
    return PostureCheck(name=asked.name, arguments=arguments)


def needs_stack(name: str) -> bool:
    """Return whether a check has to know the stack."""
    return CHECKS[name].meaning(Meaning.STACK) is not None


def counts_flow_logs(template: Template) -> bool:
    """Return whether a check of the template knows where flow logs should go, and counts them."""
    return any(
        known.counts_flow_logs and known.meaning(Meaning.OUTPUT) in check.arguments
        for check in template.metadata.posture
        for known in [CHECKS[check.name]]
    )


def _content(template: Template, name: str, values: Mapping[str, str]) -> str | None:
    """Return the digest of a resource's content; None leaves the check unknown."""
    try:
        return expected_content(template.body, name, values)
    except NotComparableError:
        return None


def _output(template: Template, name: str, values: Mapping[str, str]) -> str:
    try:
        return expected_output(template.body, name, values)
    except NotComparableError:
        return UNKNOWN_VALUE
