"""What the commands of ``pykafka`` print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from .table import format_table

__all__ = ["print_json", "print_table"]


def print_json(value: Any, in_a_line: bool = False) -> None:
    """One JSON document, indented unless it is one of many."""
    print(json.dumps(value, indent=None if in_a_line else 2))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table: drawn by rich on a terminal, plain lines elsewhere, where nothing is cut off."""
    cells = list(rows)
    if not sys.stdout.isatty():
        print(format_table(cells, headers))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for number, head in enumerate(headers):
        numeric = bool(cells) and all(isinstance(row[number], int) for row in cells)
        table.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        # Text: no name is taken for markup.
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)
