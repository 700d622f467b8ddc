"""Directives that show tables of the code: what is declared once is written once.

``{options-table} CONSUMER`` shows a table of :mod:`pykafka.options` (or of the module whose path
comes before it), ``{keys-table} LOG`` one of
:mod:`pykafka.storm.project.configuration`, ``{deviations-table}`` the deliberate differences from
2.8 that ``tests/compat/deviations.py`` lists and its test checks.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from pykafka import options
from pykafka.storm.project import configuration

DEVIATIONS = Path(__file__).resolve().parents[2] / "tests" / "compat" / "deviations.py"


def markdown_table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """The lines of a table."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


class TableDirective(Directive):
    """Shows what :meth:`lines` gives."""

    def lines(self) -> Iterator[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse the table's Markdown in place."""
        container = nodes.container()
        source, _ = self.state_machine.get_source_and_line(self.lineno)
        self.state.nested_parse(StringList(list(self.lines()), source or ""), 0, container)
        return list(container.children)


class OptionsTable(TableDirective):
    """``{options-table} NAME``: the table ``pykafka.options.NAME``, or ``package.module.NAME``."""

    required_arguments = 1

    def lines(self) -> Iterator[str]:
        """Name, default, bounds and meaning of each option; what librdkafka calls it."""
        module, _, name = self.arguments[0].rpartition(".")
        owner = import_module(module) if module else options
        table: dict[str, options.Option] = getattr(owner, name)
        rows = [
            [f"`{option.name}`", f"`{option.default!r}`", option.bounds, _meaning(option)]
            for option in table.values()
        ]
        return markdown_table(["option", "default", "may be", "meaning"], rows)


def _meaning(option: options.Option) -> str:
    if option.python_only:
        return f"{option.meaning} Not with librdkafka."
    return f"{option.meaning} (`{option.rdkafka}`)" if option.rdkafka else option.meaning


class KeysTable(TableDirective):
    """``{keys-table} NAME``: the table ``pykafka.storm.project.configuration.NAME``."""

    required_arguments = 1

    def lines(self) -> Iterator[str]:
        """Name, kind, default and meaning of each key of ``config.json``."""
        table: dict[str, configuration.Key] = getattr(configuration, self.arguments[0])
        rows = [
            [f"`{key.name}`", key.kind, f"`{json.dumps(key.default)}`", key.meaning]
            for key in table.values()
            if not key.instead
        ]
        rows += [
            [f"`{key.name}`", key.kind, "", f"The old spelling of `{key.instead}`."]
            for key in table.values()
            if key.instead
        ]
        return markdown_table(["key", "is", "default", "meaning"], rows)


class DeviationsTable(TableDirective):
    """``{deviations-table}``: what differs from 2.8 on purpose."""

    def lines(self) -> Iterator[str]:
        """Name and reason of each deviation."""
        deviations = runpy.run_path(str(DEVIATIONS))["DEVIATIONS"]
        if not deviations:
            return iter(["So far there is none."])
        rows = [[f"`{name}`", reason] for name, reason in deviations.items()]
        return markdown_table(["name in 2.8", "what is different, and why"], rows)


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    app.add_directive("options-table", OptionsTable)
    app.add_directive("keys-table", KeysTable)
    app.add_directive("deviations-table", DeviationsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
