"""`Metadata: orgrollout: posture:` of a template: named checks, with arguments and conditions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgrollout.manifest.template.content import why_not_comparable, why_output_unknown
from orgrollout.manifest.template.template import TemplateCheck, TemplateParameter
from orgrollout.manifest.text.document import FieldPath, Findings, Item, problem_at
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.manifest.text.substitution import references
from orgrollout.posture.definition import Meaning
from orgrollout.posture.registry import CHECKS

PLACES = ("AWS::AccountId", "AWS::Region")  # what arguments may refer to besides parameters
# May stand before a parameter: cfn-lint takes a bare one for a forgotten Fn::Sub (E1029).
PARAMETERS = "parameters."
_OWN = ("check", "when")
_WORKED_OUT = {
    Meaning.RESOURCE: (why_not_comparable, "Name another resource, or drop the check."),
    Meaning.OUTPUT: (
        why_output_unknown,
        "Name an output whose value follows from parameters.",
    ),
}


def read_posture(
    metadata: Item,
    entries: tuple[dict[str, Any], ...],
    parameters: Mapping[str, TemplateParameter],
    body: str,
    findings: Findings,
    *,
    field: str = "posture",
) -> tuple[TemplateCheck, ...]:
    """Return the checks of a template's metadata, and note what is wrong with them."""
    reader = _Reader(metadata, parameters, body, findings)
    found = (reader.read(entry, (field, i)) for i, entry in enumerate(entries))
    return tuple(check for check in found if check is not None)


@dataclass(frozen=True, slots=True)
class _Reader:
    metadata: Item
    parameters: Mapping[str, TemplateParameter]
    body: str
    findings: Findings

    def read(self, entry: Mapping[str, Any], path: FieldPath) -> TemplateCheck | None:
        name = entry.get("check")
        if not isinstance(name, str) or name not in CHECKS:
            message = "names no check." if name is None else f"there is no check `{name}`."
            fix = did_you_mean(str(name or ""), CHECKS, f"One of {', '.join(CHECKS)}.")
            self._note((*path, "check"), message, fix)
            return None
        arguments = {key: value for key, value in entry.items() if key not in _OWN}
        self._check_names(name, arguments, path)
        for key, value in arguments.items():
            self._check_argument((*path, key), value)
        self._check_meanings(name, arguments, path)
        return TemplateCheck(
            name=name,
            arguments={key: str(value) for key, value in arguments.items()},
            when=dict(self._conditions(entry.get("when"), (*path, "when"))),
        )

    def _check_names(self, name: str, arguments: Mapping[str, Any], path: FieldPath) -> None:
        known = CHECKS[name]
        for key in arguments:
            if key not in known.fields:
                fix = did_you_mean(key, (*known.fields, *_OWN), "Remove it.")
                self._note((*path, key), f"{name} takes no `{key}`.", fix, key=True)
        for key in known.required:
            if key not in arguments:
                self._note((*path, key), f"{name} needs `{key}`.", f"Add {key}.")

    def _check_meanings(self, name: str, arguments: Mapping[str, Any], path: FieldPath) -> None:
        """Note a resource whose content, or an output whose value, cannot be worked out."""
        for meaning, (why_not, fix) in _WORKED_OUT.items():
            value = arguments.get(key) if (key := CHECKS[name].meaning(meaning)) else None
            why = why_not(self.body, value, self._secrets) if isinstance(value, str) else None
            if key and why:
                self._note((*path, key), why, fix)

    def _check_argument(self, path: FieldPath, value: Any) -> None:
        if not isinstance(value, str) or not value:
            self._note(path, "must be text.", 'Write it in quotes, like "${ParameterName}".')
            return
        for name in references(value):
            if name not in PLACES:
                self._check_parameter(path, name.removeprefix(PARAMETERS))

    def _check_parameter(self, path: FieldPath, name: str, *, key: bool = False) -> bool:
        """Note a parameter that cannot be referred to, and return whether it can."""
        if name not in self.parameters:
            fix = did_you_mean(name, [*self.parameters, *PLACES])
            self._note(path, f"the template has no parameter `{name}`.", fix, key=key)
        elif self.parameters[name].no_echo:
            message = f"`{name}` is NoEcho, and checks are written down in the open."
            self._note(path, message, "Refer to another parameter.", key=key)
        else:
            return True
        return False

    def _conditions(self, when: Any, path: FieldPath) -> Iterator[tuple[str, tuple[str, ...]]]:
        if when is None:
            return
        if not isinstance(when, dict):
            self._note(path, "must be a mapping.", "Write {ParameterName: [value, ...]}.")
            return
        for name, given in when.items():
            values = tuple(given) if isinstance(given, list) else (given,)
            if not self._check_parameter((*path, name), name, key=True):
                continue
            allowed = self.parameters[name].allowed_values
            for value in values:
                if not isinstance(value, str):
                    self._note((*path, name), "must be text.", "Write the values in quotes.")
                elif allowed and value not in allowed:
                    message = f"`{name}` is never `{value}`."
                    self._note((*path, name), message, did_you_mean(value, allowed))
            yield name, tuple(map(str, values))

    @property
    def _secrets(self) -> frozenset[str]:
        return frozenset(name for name, p in self.parameters.items() if p.no_echo)

    def _note(self, path: FieldPath, message: str, fix: str, *, key: bool = False) -> None:
        file = self.findings.file
        problem = problem_at(file, self.metadata, path, message, fix, key=key)
        self.findings.add(problem, path)
