"""Fenced blocks of the Markdown pages, with what the comment before each says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "DESIGN.md", *sorted((ROOT / "docs").rglob("*.md"))]

_COMMENT = re.compile(r"<!-- (not run: (?P<reason>.*\S)|(?P<output>output)) -->")
_FENCE = re.compile(r"^(?P<ticks>```+)(?P<language>\S*)")


class Block(NamedTuple):
    """A fenced block.

    :ivar line: number of its first line of content, from 1.
    :ivar reason: why it is not run, ``None`` if it is.
    :ivar is_output: whether it is what the block before it prints.
    """

    language: str
    text: str
    line: int
    reason: str | None
    is_output: bool


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in order."""
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), 1))
    comment = None
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            comment = _COMMENT.fullmatch(line.strip()) or (comment if not line.strip() else None)
            continue
        content = []
        for _, inner in lines:
            if inner.strip() == fence["ticks"]:
                break
            content.append(inner)
        yield Block(
            fence["language"],
            "\n".join(content) + "\n",
            number + 1,
            comment and comment["reason"],
            comment is not None and comment["output"] is not None,
        )
        comment = None
