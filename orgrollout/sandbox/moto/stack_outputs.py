"""The outputs and exports of a stack, carried out once, when it is deployed."""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.models import CloudFormationBackend

from orgrollout.sandbox.moto.intrinsics import TemplateError, resolved, text_of

_KINDS = {list: "List", dict: "Map", type(None): "Null"}


class Outputs(parsing.OutputMap):
    """The outputs of one stack; reading them never fails."""

    scope: Any
    """The stack's resources."""
    exported: dict[str, str]
    """By output: the name that it is exported as."""

    @classmethod
    def of(cls, scope: Any, template: dict[str, Any], stack_id: str) -> "Outputs":
        """Return the outputs of a template; there is nothing in them until they are settled."""
        made = cls(scope, template, stack_id)
        made.scope, made.exported = scope, {}
        return made

    def settle(self) -> None:
        """Carry all outputs out.

        Raises:
            TemplateError: An output is no text, or refers to what is not there.
        """
        for key, entry in self._declared().items():
            if "Condition" not in entry or self.scope.holds(entry["Condition"]):
                made = parsing.Output(key, self._text(key), entry.get("Description"))
                self._parsed_outputs[key] = made
                if entry.get("Export"):
                    name = text_of(resolved(entry["Export"].get("Name"), self.scope))
                    self.exported[key] = str(name)

    def described(self) -> list[tuple[str, str, str | None]]:
        """Return name, value and export of each output."""
        outputs = self._parsed_outputs.items()
        return [(key, each.value, self.exported.get(key)) for key, each in outputs]

    @property
    def exports(self) -> list[parsing.Export]:
        """The values that other stacks may import."""
        values = self._parsed_outputs
        return [
            parsing.Export(self._stack_id, name, values[key].value)
            for key, name in self.exported.items()
        ]

    def __getitem__(self, key: str) -> parsing.Output | None:
        return self._parsed_outputs.get(key)

    def __len__(self) -> int:
        return len(self._declared())

    def _declared(self) -> Mapping[str, Any]:
        return self._template.get("Outputs") or {}

    def _text(self, key: str) -> str:
        with self.scope.within("Outputs"):
            value = text_of(resolved(self._declared()[key].get("Value"), self.scope))
        if isinstance(value, str):
            return value
        message = (
            f"Template format error: Output {key} is malformed. The Value field of every Outputs "
            f"member must evaluate to a String and not a {_KINDS.get(type(value), 'Map')}."
        )
        raise TemplateError(message)


def export(backend: CloudFormationBackend, stack: models.Stack) -> None:
    """Make what a stack exports now known to others of its account and Region.

    Raises:
        TemplateError: Another stack exports the same name.
    """
    mine = {each.name: each for each in stack.exports}
    taken = [n for n, e in backend.exports.items() if e.exporting_stack_id != stack.stack_id]
    for name in mine:
        if name in taken:
            owner = backend.exports[name].exporting_stack_id.split("/")[1]
            message = f"Export with name {name} is already exported by stack {owner}. "
            raise TemplateError(message + "Rollback requested by user.")
    for name in [n for n in backend.exports if n not in taken]:
        del backend.exports[name]
    backend.exports.update(mine)
