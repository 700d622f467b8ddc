"""Requirement files: what they say, wherever they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..exceptions import DeploymentError

__all__ = ["flattened"]

_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S.*)")
#: What names a file or folder of this machine: of no meaning on another one.
_LOCAL = re.compile(r"-e\b|--editable\b|-c\b|--constraint\b|\.{1,2}/|/|file:|.*@\s*file:")


def flattened(paths: Sequence[Path]) -> str:
    """The content of requirement files and of those that they include, as one file's.

    :raises DeploymentError: a line names something that only this machine has, or an included
        file does not exist; names file and line.
    """
    return "".join(f"{line}\n" for path in paths for line in _lines(path, ()))


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[str]:
    if path in above:
        raise DeploymentError(f"{path}: includes itself")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DeploymentError(f"{path}: {error.strerror}") from error
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        included = _INCLUDE.fullmatch(line)
        if included:
            yield from _lines(path.parent / included[1], (*above, path))
        elif _LOCAL.match(line):
            raise DeploymentError(
                f"{path}:{number}: {line}: names something of this machine: put a wheel of it into"
                " a folder that config.json names under wheels, and only its name here"
            )
        elif line:
            yield line
