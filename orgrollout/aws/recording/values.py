"""What is recorded of the parameters of a request, and of a response.

Numbers, truth values, times and words of AWS's own lists (statuses, modes) stay; so do the names of
members. Of any other text, names and ids are replaced. Secrets and bodies of objects are left out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

from orgrollout.aws.recording.pseudonyms import Pseudonyms
from orgrollout.aws.recording.templates import Templates
from orgrollout.exchange_record import Mark, Text

# Besides what AWS's models mark as sensitive.
_SECRETS = frozenset(
    {
        *("SecretAccessKey", "SessionToken", "SecretString", "SecretBinary", "Password"),
        *("ExternalId", "TokenCode"),
    }
)
# A trust policy, or an event of CloudTrail, in which an external id is given.
_WITH_EXTERNAL_ID = re.compile(r"external_?id\W+\w", re.IGNORECASE)
_KEY_OF_EXTERNAL_ID = re.compile(r"(?:.*:)?external_?id", re.IGNORECASE)
_SECRET = {Mark.SECRET: True}
_TEMPLATES = frozenset({"TemplateBody"})
_NAMED = frozenset(  # in Organizations
    {"Name", "AccountName", "Key", "Value", "Description", "Email", "MasterAccountEmail"}
)
_FILTER = re.compile("[a-z-]+")  # e.g. resource-id; a tag has a colon before its name
_ORGANIZATIONS = "organizations"
_EMAIL = "Email"
_VALUES_OF_PARAMETERS = frozenset({"ParameterValue", "ResolvedValue"})


class Values:
    """Turns values into what is recorded of them; ``keep`` gets a text that was not met before."""

    def __init__(
        self, names: Pseudonyms, templates: Templates, keep: Callable[[Text], None]
    ) -> None:
        self._names = names
        self._templates = templates
        self._keep = keep

    def of(self, service: str, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is recorded of a structure: of the members that its shape has."""
        parameter = str(value.get("ParameterKey", ""))
        secret = parameter in self._templates.secret or _is_external_id(parameter)
        found = {}
        for name, given in value.items():
            if name in shape.members:
                hidden = secret and name in _VALUES_OF_PARAMETERS
                place = _Place(service, shape.name, name)
                found[name] = _SECRET if hidden else self._value(place, shape.members[name], given)
        return found

    def _value(self, place: "_Place", shape: Any, value: Any) -> Any:
        match shape.type_name, value:
            case "blob", _:
                return self._blob(value)
            case _, datetime():
                return {Mark.TIME: value.isoformat()}
            case _, str():
                return self._text(place, shape, value)
            case "structure" | "list" | "map", _:
                return self._nested(place, shape, value)
        return self._plain(value)

    def _nested(self, place: "_Place", shape: Any, value: Any) -> Any:
        match shape.type_name, value:
            case "structure", Mapping():
                return self.of(place.service, shape, value)
            case "list", list() | tuple():
                return [self._value(place, shape.member, each) for each in value]
            case "map", Mapping():
                return self._by_key(value, partial(self._value, place, shape.value))
        return self._plain(value)

    def _by_key(self, value: Mapping[Any, Any], of: Callable[[Any], Any]) -> dict[str, Any]:
        """Return a map under other keys, without an external id that has one of its own."""
        return {
            self._names.text(str(key)): _SECRET if _is_external_id(str(key)) else of(each)
            for key, each in value.items()
        }

    def _text(self, place: "_Place", shape: Any, text: str) -> Any:
        if place.member in _SECRETS:
            return _SECRET
        if text in (getattr(shape, "enum", None) or ()) or place.has_a_filter(text):
            return text
        if place.member in _TEMPLATES:
            return self._template(text)
        if place.service == _ORGANIZATIONS and place.member in _NAMED:
            named = self._names.email if place.member.endswith(_EMAIL) else self._names.name
            return named(text)
        if shape.metadata.get("sensitive"):
            return _SECRET
        return self._names.caller(text) if place.member == "AccessKeyId" else self._renamed(text)

    def _renamed(self, text: str) -> Any:
        return _SECRET if _WITH_EXTERNAL_ID.search(text) else self._names.text(text)

    def _template(self, body: str) -> dict[str, str]:
        name, text = self._templates.of(body)
        if text is not None:
            self._keep(text)
        return {Mark.TEXT: name}

    def _blob(self, value: Any) -> dict[str, Any]:
        """Return the size of bytes; an object that is a template counts as one.

        botocore hands bytes on as a file. What streams is left to its reader.
        """
        value = value.getvalue() if isinstance(value, BytesIO) else value
        if not isinstance(value, bytes | str):
            return {Mark.BYTES: 0}
        body = value.decode(errors="replace") if isinstance(value, bytes) else value
        if "Resources" in body and "AWS::" in body:
            return self._template(body)
        return {Mark.BYTES: len(value)}

    def _plain(self, value: Any) -> Any:
        """Return what is recorded of a number, or of what is not as its shape says: a policy."""
        match value:
            case None | bool() | int() | float():
                return value
            case Mapping():
                return self._by_key(value, self._plain)
            case list() | tuple():
                return [self._plain(each) for each in value]
        return self._renamed(str(value))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value is: in which service, and in which member of which structure."""

    service: str
    structure: str
    member: str

    def has_a_filter(self, text: str) -> bool:
        """Return whether a text is AWS's own word for what is filtered by."""
        is_name = self.structure == "Filter" and self.member == "Name"
        return is_name and _FILTER.fullmatch(text) is not None


def _is_external_id(key: str) -> bool:
    return _KEY_OF_EXTERNAL_ID.fullmatch(key) is not None
