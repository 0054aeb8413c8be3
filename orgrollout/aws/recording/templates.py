"""What is recorded of a template: one that everyone can read as it is, of any other a stand-in.

A template may hold secrets and names at any place. The stand-in declares the same parameters,
resources and outputs under other names. Each resource is a handle that makes nothing, so that a
stack of it succeeds anywhere.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from orgrollout.aws.recording.pseudonyms import Pseudonyms
from orgrollout.errors import ManifestError
from orgrollout.exchange_record import Text
from orgrollout.manifest.template.declared import parsed_template, secret_parameters
from orgrollout.manifest.text.document import Item

SECRET = "secret"  # noqa: S105 - stands in the place of one
_TYPES = frozenset({"String", "Number", "CommaDelimitedList"})
_HANDLE = "AWS::CloudFormation::WaitConditionHandle"
_NOTHING = json.dumps({"Resources": {"Resource": {"Type": _HANDLE}}})


class Templates:
    """The templates of one record, each written once."""

    def __init__(self, public: Iterable[str], names: Pseudonyms) -> None:
        self._texts = tuple(public)
        self._public = frozenset(map(_digest, self._texts))
        self._names = names
        self._known: dict[str, str] = {}
        self._secret: set[str] = set()  # parameters that are NoEcho in some template so far
        self._plain: set[str] = set()  # and that some template declares otherwise

    def is_secret(self, parameter: str) -> bool:
        """Return whether a parameter may be NoEcho: all but those that a known template declares.

        Known are the templates so far, and those that everyone can read.
        """
        if parameter not in self._secret | self._plain:
            texts, self._texts = self._texts, ()
            for body in texts:
                self._learn(body)
        return parameter in self._secret or parameter not in self._plain

    def _learn(self, body: str) -> None:
        try:
            declared, secret = parsed_template(body).names("Parameters"), secret_parameters(body)
        except ManifestError:
            return
        self._secret |= secret
        self._plain |= {name for name in map(str, declared) if name not in secret}

    def of(self, body: str) -> tuple[str, Text | None]:
        """Return the id under which a template is recorded, and its text where that is new."""
        digest = _digest(body)
        if digest in self._known:
            return self._known[digest], None
        name = self._known[digest] = f"template{len(self._known) + 1}"
        self._learn(body)
        return name, Text(name=name, body=body if digest in self._public else self._stand_in(body))

    def _stand_in(self, body: str) -> str:
        try:
            root = parsed_template(body)
        except ManifestError:
            return _NOTHING
        renamed = self._names.text
        parts = {
            "Parameters": self._parameters(root),
            "Resources": {renamed(name): {"Type": _HANDLE} for name in root.names("Resources")},
            "Outputs": {renamed(name): {"Value": "text"} for name in root.names("Outputs")},
        }
        given = {key: value for key, value in parts.items() if value}
        return json.dumps(given) if "Resources" in given else _NOTHING

    def _parameters(self, root: Item) -> dict[str, Any]:
        declared = root.get("Parameters")
        return {
            self._names.text(str(name)): self._parameter(str(name), parameter)
            for name, parameter in (declared.children if declared else ())
        }

    def _parameter(self, name: str, parameter: Item) -> dict[str, Any]:
        kind, default = parameter.get("Type"), parameter.get("Default")
        made: dict[str, Any] = {"Type": kind.text if kind and kind.text in _TYPES else "String"}
        if name in self._secret:
            made["NoEcho"] = True
        if default is not None:
            made["Default"] = SECRET if name in self._secret else self._names.text(default.text)
        return made


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
