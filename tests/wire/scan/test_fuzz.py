"""The C of the scan under the address and undefined-behaviour sanitizers, on damaged data."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from wire.records.batches import batch, record
from wire.records.message_sets import plain_set

HERE = Path(__file__).parent
NATIVE = HERE.parents[2] / "native"
ROUNDS = 300_000
#: With -fno-sanitize-recover gcc leaves out checks of addresses (observed with 12.2).
FLAGS = "-std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined"


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], None]) -> Path:
    """The program."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        missing("a C compiler with sanitizers")
        raise AssertionError
    program = tmp_path_factory.mktemp("fuzz") / "fuzz"
    sources = [str(HERE / "fuzz.c"), str(NATIVE / "scan.c")]
    command = [compiler, *FLAGS.split(), f"-I{NATIVE}", *sources, "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return program


def good_sets() -> list[bytes]:
    rows = [(n, n * 7, b"k" * (n % 3) or None, b"v" * n) for n in range(20, 50)]
    records = [
        record(n, value, key=key, time_delta=ms, headers=[(b"h", b"v")] * (n % 5 == 4))
        for n, (_, ms, key, value) in enumerate(rows)
    ]
    plain = [record(n, value, key=key) for n, (_, _, key, value) in enumerate(rows)]
    return [
        plain_set(rows, 0),
        plain_set(rows, 1),
        batch(20, plain) + batch(50, plain),
        batch(20, records),
        b"".join(batch(20 + n, [record(0, b"one")]) for n in range(20)),
        batch(0, plain, base_time=2**63 - 1),
        # Ends where the number of headers should stand.
        batch(20, [record(0, b"one", key=b"k"), b"\x0c\0\0\2\1\2x"]),
    ]


@pytest.mark.timeout(300)
def test_whatever_the_bytes_are_nothing_else_is_read_or_written(fuzz: Path, tmp_path: Path) -> None:
    files = []
    for number, data in enumerate(good_sets()):
        files.append(tmp_path / f"{number}.set")
        files[-1].write_bytes(data)
    seed = random.randrange(2**32)
    done = subprocess.run(
        [fuzz, str(seed), str(ROUNDS), *files],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    assert (done.stdout, done.stderr) == ("nothing wrong\n", "")
