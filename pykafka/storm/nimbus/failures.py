"""What a component said when it failed, out of what Storm made of it."""

from __future__ import annotations

from .reports import Failure

__all__ = ["cause", "has_traceback", "own_words"]

_TRACEBACK = "Traceback (most recent call last):"
#: What Storm puts before the words of a component's process: those that it sent as an error, and
#: those that it wrote on its standard error before it ended.
_PREFIXES = ("Shell Process Exception: ", "Serializer Exception:\n")
#: Lines of a Java stack.
_JAVA = ("\tat ", "Caused by: ", "\t... ")


def has_traceback(failure: Failure) -> bool:
    """Whether a Python traceback is in it."""
    return _TRACEBACK in failure.text


def own_words(failure: Failure) -> str:
    """What the component's process itself said, without Storm's Java stack around it.

    Of a failure that Storm's own code had, or a component's in Java: the exception's first line.
    """
    lines = failure.text.splitlines()
    stack = next((n for n, line in enumerate(lines) if line.startswith(_JAVA)), len(lines))
    text = "\n".join(lines[:stack]).strip()
    for prefix in _PREFIXES:
        _, found, words = f"{text}\n".partition(prefix)
        if found and words.strip():
            return words.strip()
    return text


def cause(failure: Failure) -> str:
    """The one line that says what went wrong: of a traceback the exception's."""
    words = own_words(failure)
    lines = [line for line in words.splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    # Of a traceback only the end may have come: Storm reads what there is at a moment.
    frames = [number for number, line in enumerate(lines) if line.lstrip().startswith('File "')]
    if not frames:
        return lines[0].strip()
    # The exception's own text may have several lines; its first is the first not indented.
    after = [line for line in lines[frames[-1] + 1 :] if not line.startswith(" ")]
    return (after or lines[-1:])[0].strip()
