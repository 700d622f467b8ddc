"""Requirement files: what they say, wherever they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..exceptions import DeploymentError

__all__ = ["flattened", "named"]

_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S.*)")
#: What names a file or folder of this machine: of no meaning on another one.
_LOCAL = re.compile(r"-e\b|--editable\b|-c\b|--constraint\b|\.{1,2}/|/|file:|.*@\s*file:")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class _Line(NamedTuple):
    place: str
    text: str


def flattened(paths: Sequence[Path]) -> str:
    """The content of requirement files and of those that they include, as one file's.

    :raises DeploymentError: a line names something that only this machine has, or an included
        file does not exist; names file and line.
    """
    lines = [line for path in paths for line in _lines(path, ())]
    for line in lines:
        if _LOCAL.match(line.text):
            raise DeploymentError(
                f"{line.place}: {line.text}: names something of this machine: put a wheel of it"
                " into a folder that config.json names under wheels, and only its name here"
            )
    return "".join(f"{line.text}\n" for line in lines)


def named(paths: Sequence[Path]) -> list[str]:
    """What requirement files ask for: the name of each package, else all of its line.

    :raises DeploymentError: an included file does not exist.
    """
    texts = [line.text for path in paths for line in _lines(path, ())]
    return [found[0] if (found := _NAME.match(text)) else text for text in texts]


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[_Line]:
    """What is asked for, without comments, and with what is included in its place."""
    if path in above:
        raise DeploymentError(f"{path}: includes itself")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeploymentError(f"{path}: {error.strerror}") from error
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if included := _INCLUDE.fullmatch(line):
            yield from _lines(path.parent / included[1], (*above, path))
        elif line:
            yield _Line(f"{path}:{number}", line)
