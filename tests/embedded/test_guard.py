"""No process outlives its owner, whatever way the owner ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pykafka.embedded.process import GuardedPopen
from pykafka.embedded.waiting import wait_until

#: Starts a guarded command that tells its process id, then does as it is told.
OWNER = """
import os, signal, subprocess, sys, time
from pathlib import Path
from pykafka.embedded.process import GuardedPopen
command = ["sh", "-c", "echo $$; exec sleep 600"]
process = GuardedPopen(command, remove=Path(sys.argv[1]), stdout=subprocess.PIPE)
print(process.stdout.readline().decode(), flush=True)
{ending}
time.sleep(600)
"""
ENDINGS = {
    "its program ends": "sys.exit(0)",
    "an exception": "raise RuntimeError('expected')",
    "os._exit": "os._exit(3)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "Ctrl-C": "os.kill(os.getpid(), signal.SIGINT)",
    "SIGHUP": "os.kill(os.getpid(), signal.SIGHUP)",
    "SIGKILL, with a fork left that holds all it had open": """
if os.fork() == 0:
    os.close(1)
    until = time.monotonic() + 30
    while Path(sys.argv[1]).exists() and time.monotonic() < until:
        time.sleep(0.05)
    os._exit(0)
os.kill(os.getpid(), signal.SIGKILL)
""",
}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    # A zombie answers to signals while nobody has collected its status.
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def run_owner(ending: str, folder: Path) -> int:
    """The process id of the command of an owner that ended so."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(ending=ending), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.wait(30)
    return pid


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_the_command_dies_with_its_owner(ending: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    pid = run_owner(ending, folder)
    wait_until(lambda: not alive(pid), 15, f"end of {pid}")
    wait_until(lambda: not folder.exists(), 15, f"{folder} gone")


#: Its command starts another one that is nobody's child, in a session of its own, and ends.
FAMILY_OWNER = """
import os, signal, subprocess, sys, time
from pykafka.embedded.process import GuardedPopen
program = '''
import os, time
os.fork() and os._exit(0)
os.setsid()
print(os.getpid(), flush=True)
time.sleep(600)
'''
first = GuardedPopen([sys.executable, "-c", program], family=sys.argv[1], stdout=subprocess.PIPE)
print(first.stdout.readline().decode(), flush=True)
first.wait(15)
other = GuardedPopen(["sleep", "600"], family=sys.argv[2])
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a family is found through /proc")
@pytest.mark.parametrize("other", ["family", "another family"])
def test_a_family_dies_with_its_owner_whoever_its_parents_are(other: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY_OWNER, str(tmp_path / "family"), str(tmp_path / other)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.stdin.write(b"\n")
        owner.stdin.flush()
        owner.wait(30)
    if other == "family":
        wait_until(lambda: not alive(pid), 15, f"end of {pid}")
    else:
        time.sleep(1)
        assert alive(pid)
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal to orphans is Linux's")
def test_the_command_dies_with_its_guard() -> None:
    process = GuardedPopen(["sh", "-c", "echo $$; exec sleep 600"], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        process.wait(15)
    wait_until(lambda: not alive(pid), 15, f"end of {pid}")


def test_the_command_outlives_the_thread_that_started_it() -> None:
    import threading

    started: list[GuardedPopen] = []
    thread = threading.Thread(
        target=lambda: started.append(GuardedPopen(["cat"], stdin=subprocess.PIPE))
    )
    thread.start()
    thread.join()
    with started[0] as process:
        time.sleep(1)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(15) == 0


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda process: process.kill(), -signal.SIGKILL),
        (lambda process: process.terminate(), -signal.SIGTERM),
    ],
    ids=["kill", "terminate"],
)
def test_signals_reach_the_command_and_its_status_the_owner(
    end: Callable[[GuardedPopen], None], status: int
) -> None:
    with GuardedPopen(["sleep", "600"]) as process:
        end(process)
        assert process.wait(15) == status


def test_a_command_that_ends_by_itself_gives_its_status_and_output() -> None:
    with GuardedPopen(["sh", "-c", "cat; exit 7"], stdin=-1, stdout=-1) as process:
        output, _ = process.communicate(b"all bytes", 15)
    assert (output, process.returncode) == (b"all bytes", 7)


def test_a_stopped_command_does_nothing_until_it_continues() -> None:
    with GuardedPopen(["cat"], stdin=-1, stdout=-1, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.send_signal(signal.SIGSTOP)
        process.stdin.write(b"x")
        os.set_blocking(process.stdout.fileno(), False)
        assert process.stdout.read(1) is None
        process.send_signal(signal.SIGCONT)
        os.set_blocking(process.stdout.fileno(), True)
        assert process.stdout.read(1) == b"x"
        process.stdin.close()
        assert process.wait(15) == 0


def test_a_program_that_is_not_there_is_an_error() -> None:
    with GuardedPopen(["/nowhere/program"], stderr=subprocess.PIPE) as process:
        _, errors = process.communicate(timeout=15)
    assert process.returncode == 1
    assert b"/nowhere/program" in errors
