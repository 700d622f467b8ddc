"""What names stand for in a file, and the plain data that its forms are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..exceptions import TopologyError
from .forms import Form

__all__ = ["Scope"]


class Scope:
    """Where forms are understood.

    :param file: its name, for messages.
    :param options: what ``(get options "name" default)`` finds.
    :param parameter: what the topology calls its options; None if it takes none.
    :param constants: the file's ``def``.
    """

    def __init__(
        self,
        file: str,
        options: Mapping[str, Any],
        parameter: str | None,
        constants: Mapping[str, Form],
    ) -> None:
        self.file = file
        self._options = options
        self._parameter = parameter
        self._constants = constants

    def at(self, form: Form, why: str) -> str:
        """A message with the place of a form."""
        return f"{self.file}:{form.line}: {why}"

    def refuse(self, form: Form, why: str) -> NoReturn:
        """Raise that message.

        :raises TopologyError: always.
        """
        raise TopologyError(self.at(form, why))

    def resolved(self, form: Form) -> Form:
        """The form, or what it names."""
        seen: set[str] = set()
        while form.kind == "symbol" and form.value in self._constants:
            if form.value in seen:
                self.refuse(form, f"{form} is defined by itself")
            seen.add(form.value)
            form = self._constants[form.value]
        return form

    def check_options(self, form: Form) -> None:
        """See that a form is what may stand for the options: their name, or a map."""
        named = form.kind == "symbol" and (
            form.value == self._parameter or form.value in self._constants
        )
        if not (named or form.kind in ("map", "nil")):
            known = f"{self._parameter} as above" if self._parameter else "{}"
            self.refuse(form, f"the first argument is the options, {known}; given: {form}")

    def value(self, form: Form) -> Any:
        """The plain data that a form is.

        :raises TopologyError: it is something else.
        """
        form = self.resolved(form)
        if form.kind == "vector":
            return [self.value(each) for each in form.value]
        if form.kind == "map":
            return {self.string(key, "a key"): self.value(value) for key, value in form.value}
        if form.kind == "list":
            return self._option(form)
        if form.kind in ("symbol", "keyword"):
            self.refuse(form, f"{form} means nothing here")
        return form.value

    def _option(self, form: Form) -> Any:
        """What ``(get options "name" default)`` gives."""
        head, *arguments = form.value or (None,)
        if head is None or not head.is_symbol("get") or len(arguments) not in (2, 3):
            self.refuse(
                form, f'{form} is not executed; only (get options "name" default) has a value'
            )
        self.check_options(arguments[0])
        name = self.string(arguments[1], "the name of an option")
        default = self.value(arguments[2]) if len(arguments) == 3 else None
        return self._options.get(name, default)

    def string(self, form: Form, what: str) -> str:
        """The string that a form is.

        :param what: it is, for messages.
        """
        value = self.value(form)
        if not isinstance(value, str):
            self.refuse(form, f"{what} must be a string; given: {form}")
        return value

    def strings(self, form: Form, what: str) -> list[str]:
        """The strings of a vector."""
        value = self.value(form)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(form, f"{what} must be a vector of strings; given: {form}")
        return value
