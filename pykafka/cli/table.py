"""Tables of plain text, in the look that 2.x's ``kafka-tools`` had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["format_table"]

#: A column is at least this much wider than its head.
_AIR = 2


def format_table(rows: Iterable[Sequence[object]], headers: Sequence[str]) -> str:
    """Rows under headers and a dashed line; columns of numbers are centred, others left.

    No line ends in a space, and there is no line end after the last one.
    """
    data = [list(row) for row in rows]
    columns = [[row[number] for row in data] for number in range(len(headers))]
    widths = [
        max(len(head) + _AIR, *(len(str(cell)) for cell in column), 0)
        for head, column in zip(headers, columns, strict=True)
    ]
    centred = [bool(column) and all(isinstance(cell, int) for cell in column) for column in columns]
    lines: list[Sequence[object]] = [headers, ["-" * width for width in widths], *data]
    return "\n".join(
        "  ".join(
            f"{cell!s:^{width}}" if centre else f"{cell!s:<{width}}"
            for cell, width, centre in zip(line, widths, centred, strict=True)
        ).rstrip()
        for line in lines
    )
