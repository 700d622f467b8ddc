"""The C that reads ahead of its takers, under the compiler's sanitizers."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NATIVE = HERE.parents[3] / "native"
ROUNDS = 10_000
FLAGS = "-std=gnu11 -g -O1 -Wall -Wextra -Werror -pthread"
SOURCES = [HERE / "stress.c", NATIVE / "rdkafka_reading.c", NATIVE / "rdkafka.c"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sanitizers", ["thread", "address,undefined"])
def test_rows_come_whole_and_in_order_and_nothing_is_left(
    sanitizers: str, tmp_path: Path, missing: Callable[[str], None]
) -> None:
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        missing("a C compiler with sanitizers")
        raise AssertionError
    program = tmp_path / "stress"
    command = [compiler, *FLAGS.split(), f"-fsanitize={sanitizers}", f"-I{NATIVE}", *SOURCES]
    built = subprocess.run(
        [*command, "-o", program, "-ldl"], capture_output=True, text=True, timeout=120, check=False
    )
    assert built.returncode == 0, built.stderr
    seed = random.randrange(2**32)
    done = subprocess.run(
        [program, str(seed), str(ROUNDS)], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    assert (done.stdout, done.stderr) == ("nothing wrong\n", "")
