"""Runs one command and sees to it that it does not outlive whoever asked for it.

A program of its own, started by path with no more than the standard library. It is the
parent of the command, and kills it when the owner is gone, told by either of two signs: the
control socket ends (also after SIGKILL), or its own parent is no longer the owner (should a
fork of the owner hold the socket's other end). Should this program itself be killed, the
kernel kills the command (on Linux). The kernel's signal alone would not do between owner and
command: it comes as soon as the *thread* that started the command ends.

As the parent it alone can send signals without ever meeting a process that has taken over
the number, so the owner asks: one byte on the control socket, answered by the same byte.

What the command starts may be meant to outlive it, as Storm's workers outlive a supervisor, and
is then nobody's child. With a family's name the command gets it in its environment, which all
that descends from it inherits; when the owner is gone the whole family is killed (on Linux,
where environments can be read).

Arguments: descriptor of the control socket, owner's process id, folder to remove when the
owner is gone ("" for none), name of the family ("" for none), command. Standard streams belong
to the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

#: The environment variable that names a process's family.
FAMILY = "PYKAFKA_FAMILY"
_SIGNALS = {
    b"K": signal.SIGKILL,
    b"T": signal.SIGTERM,
    b"S": signal.SIGSTOP,
    b"C": signal.SIGCONT,
}
_PR_SET_PDEATHSIG = 1
#: Seconds between looks at the parent; the socket tells at once.
_LOOK_EVERY = 0.5
#: Seconds to see the end of a killed family, and between two looks for it.
_FAMILY_GONE_WITHIN = 10.0
_FAMILY_LOOK_EVERY = 0.05


def main(arguments: list[str]) -> int:
    """Run the command to its end or the owner's; the command's exit status."""
    control = socket.socket(fileno=int(arguments[0]))
    control.set_inheritable(False)
    owner, folder, family, command = int(arguments[1]), arguments[2], arguments[3], arguments[4:]
    ended = _wake_on_exit()
    child = subprocess.Popen(
        command,
        env={**os.environ, FAMILY: family} if family else None,
        preexec_fn=_die_with_parent  # noqa: PLW1509 - this program has one thread
        if sys.platform == "linux"
        else None,
    )
    _let_go_of_standard_streams()
    # Whoever ends this program by its number means the command.
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while child.poll() is None:
        ready, _, _ = select.select([control.fileno(), ended], [], [], _LOOK_EVERY)
        if ended in ready:
            os.read(ended, 4096)
        order = _read_order(control) if control.fileno() in ready else None
        if order == b"" or os.getppid() != owner:
            child.kill()
            child.wait()
            if family:
                kill_family(family)
            _remove(folder)
        elif order is not None:
            # The answer first would let the owner go on before the signal is sent.
            child.send_signal(_SIGNALS[order])
            with contextlib.suppress(OSError):
                control.sendall(order)
    return child.returncode


def members(family: str) -> Iterator[int]:
    """The process ids of a family; none where there is no ``/proc``."""
    mark = f"{FAMILY}={family}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        # It may have ended, or be another user's. A zombie has an empty one.
        with contextlib.suppress(OSError):
            if mark in folder.joinpath("environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def signal_family(family: str, number: signal.Signals) -> int:
    """Send a signal to each process of a family; how many there were."""
    count = 0
    for process in members(family):
        count += 1
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    return count


def kill_family(family: str) -> None:
    """SIGKILL all of a family; returns when none is left, or ten seconds later."""
    deadline = time.monotonic() + _FAMILY_GONE_WITHIN
    # Twice none: in the middle of an exec a process shows no environment.
    empty_looks = 0
    while empty_looks < 2 and time.monotonic() < deadline:
        empty_looks = 0 if signal_family(family, signal.SIGKILL) else empty_looks + 1
        time.sleep(_FAMILY_LOOK_EVERY)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wake_on_exit() -> int:
    """The readable end of a pipe that gets a byte when the command ends."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable)
    return readable


def _let_go_of_standard_streams() -> None:
    """Leave the command alone with them: who reads or writes the other ends sees it end."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)


def _read_order(control: socket.socket) -> bytes:
    try:
        return control.recv(1)
    except OSError:
        return b""


def _remove(folder: str) -> None:
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def _end_like(status: int) -> None:
    """Exit with the command's status, or by its signal, so that the owner reads it from ours."""
    if status >= 0:
        sys.exit(status)
    with contextlib.suppress(OSError):  # SIGKILL has no handler to take away
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)


if __name__ == "__main__":
    _end_like(main(sys.argv[1:]))
