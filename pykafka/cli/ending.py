"""How a command ends: an exit status, and at most one short message instead of a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from ..exceptions import KafkaException, ServiceStartError, UnicodeException
from ..storm.exceptions import ComponentStartError

__all__ = ["FAILED", "INTERRUPTED", "exit_status", "one_line"]

FAILED = 1
#: What a shell reports for a program that SIGINT (2) or SIGPIPE (13) ended.
INTERRUPTED = 128 + 2
_NOBODY_READS = 128 + 13
#: Errors that carry a server's log or a traceback.
_WITH_LINES = (ServiceStartError, ComponentStartError)


def exit_status(command: Callable[[], int], prefix: str) -> int:
    """Run a command; expected errors become ``prefix``, the error's text and status 1.

    Ctrl-C is status 130. A reader of our output that has gone (``pykafka consume x | head``)
    is 141 and no message, as for programs that the signal ends.
    """
    try:
        status = command()
        sys.stdout.flush()
    except (KafkaException, UnicodeException) as error:
        status = _report(prefix, error)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        status = _NOBODY_READS
    except OSError as error:
        status = _report(prefix, error)
    return status


def one_line(error: Exception) -> str:
    """The text of an error, in one line unless it carries a server's log or a traceback."""
    text = str(error) or type(error).__name__
    if isinstance(error, _WITH_LINES):
        return text
    head, *rest = [line.strip() for line in text.splitlines()]
    return f"{head} {'; '.join(rest)}".rstrip()


def _report(prefix: str, error: Exception) -> int:
    sys.stderr.write(f"{prefix}{one_line(error)}\n")
    return FAILED


def _discard_output() -> None:
    """Let the interpreter's last flush go nowhere, instead of failing once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
