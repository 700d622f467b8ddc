"""What a component said, out of Storm's errors."""

from __future__ import annotations

import pytest

from pykafka.storm.nimbus.failures import cause, own_words
from pykafka.storm.nimbus.reports import Failure

STACK = "\n\tat org.apache.storm.task.ShellBolt.handleError(ShellBolt.java:232)\n\tat java.base/x\n"
TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nKeyError: 1'
BROKEN = (
    "java.lang.RuntimeException: org.apache.storm.multilang.NoOutputException: Pipe to subprocess"
    " seems to be broken! No output read.\nSerializer Exception:\n"
)


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        (
            f"java.lang.Exception: Shell Process Exception: it broke\n{TRACE}\n{STACK}",
            f"it broke\n{TRACE}",
            "KeyError: 1",
        ),
        (f"{BROKEN}{TRACE}\n\n{STACK}", TRACE, "KeyError: 1"),
        # Its beginning was read, and lost, before.
        (f"{BROKEN}{TRACE[35:]}\n  two\n{STACK}", f"{TRACE[35:].lstrip()}\n  two", "KeyError: 1"),
        (f"java.lang.NullPointerException: x{STACK}", *["java.lang.NullPointerException: x"] * 2),
        ("", "", "no reason given"),
    ],
    ids=["sent", "written", "half", "Java's", "none"],
)
def test_the_components_own_words_are_found(text: str, words: str, why: str) -> None:
    failure = Failure("bolt", 0, None, None, text)
    assert own_words(failure) == words
    assert cause(failure) == why
