"""Words that tell nothing of an organization: those of AWS, and of the templates that come along.

A stack set, a bucket or a parameter that is named by such words alone keeps its name in a record.
"""

import re
from collections.abc import Iterable, Iterator

import yaml
from botocore.session import Session

_OF_ARNS = "arn aws cn gov us amazonaws com https s3 assumed role stack stackset Set StackSet root"
_OF_REGIONS = "af ap ca eu il me mx sa central east north northeast northwest south southeast west"
_OF_STACK_SETS = "member org stacksets exec orgrollout or true false"
_NOT_WORDS = frozenset({"Description", "Metadata"})  # prose, in which any word may stand
_WORD = re.compile(r"[^\W_]+")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def public_words(templates: Iterable[str]) -> frozenset[str]:
    """Return all public words; ``templates`` are texts that everyone can read."""
    services = Session().get_component("data_loader").list_available_services("service-2")
    texts = [_OF_ARNS, _OF_REGIONS, _OF_STACK_SETS, *services]
    for template in templates:
        texts += _scalars(yaml.compose(template, Loader=_LOADER))
    return frozenset(word for text in texts for word in _WORD.findall(text))


def _scalars(node: yaml.Node | None) -> Iterator[str]:
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                if key.value not in _NOT_WORDS:
                    yield from _scalars(key)
                    yield from _scalars(value)
        case yaml.SequenceNode():
            for item in node.value:
                yield from _scalars(item)
        case yaml.ScalarNode():
            yield node.value
