"""Which librdkafka is used, and what is said of one that is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pykafka.exceptions import ImplementationNotAvailableError
from pykafka.runtime.rdkafka import library as finding
from pykafka.runtime.rdkafka.library import LIBRARY_VARIABLE, Library, library

#: Where the machine stands in an ELF file, and one that this is not (S/390, big-endian).
_MACHINE, _ANOTHER = 18, b"\x00\x16"

_USE = """
from pykafka import KafkaClient
from pykafka.runtime.implementation import require_implementation
require_implementation({argument})
"""


def required(argument: bool = True, **environment: str) -> str:
    """What a program that asks for librdkafka says at last."""
    done = subprocess.run(
        [sys.executable, "-c", _USE.format(argument=argument)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stderr.strip().rpartition("\n")[2]


def test_the_one_that_is_named_is_used(librdkafka: Library, tmp_path: Path) -> None:
    copy = tmp_path / "mine.so"
    shutil.copy(librdkafka.path, copy)
    assert required(**{LIBRARY_VARIABLE: str(copy)}) == ""


def test_one_that_is_not_there_is_named_with_what_to_do(librdkafka: Library) -> None:
    said = required(**{LIBRARY_VARIABLE: "/nowhere/librdkafka.so"})
    assert "ImplementationNotAvailableError: use_rdkafka=True: " in said
    assert f"tried {LIBRARY_VARIABLE}: /nowhere/librdkafka.so: cannot open" in said
    assert "pip install confluent-kafka" in said


def test_the_variable_for_the_whole_program_is_named_too(librdkafka: Library) -> None:
    said = required(False, PYKAFKA_IMPL="rdkafka", **{LIBRARY_VARIABLE: "/nowhere"})
    assert "PYKAFKA_IMPL=rdkafka: " in said
    assert "PYKAFKA_IMPL=java: it is python or rdkafka" in required(False, PYKAFKA_IMPL="java")


def test_one_for_another_machine_is_said_to_be(librdkafka: Library, tmp_path: Path) -> None:
    data = bytearray(Path(librdkafka.path).read_bytes())
    data[_MACHINE : _MACHINE + 2] = _ANOTHER
    other = tmp_path / "other.so"
    other.write_bytes(data)
    said = required(**{LIBRARY_VARIABLE: str(other)})
    assert f"{LIBRARY_VARIABLE}: {other}: " in said
    assert "architecture" in said or "ELF" in said or "cannot open" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("int nothing;", "it has no rd_kafka_version: too old, or another library"),
        (
            "int rd_kafka_version(void) { return 0x000b00ff; }\n"
            'const char *rd_kafka_version_str(void) { return "0.11.0"; }',
            "too old",
        ),
    ],
)
def test_one_that_is_too_old_is_said_to_be(
    librdkafka: Library, tmp_path: Path, source: str, said: str
) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    (tmp_path / "old.c").write_text(source)
    old = tmp_path / "old.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", old, tmp_path / "old.c"], check=True)
    assert said in required(**{LIBRARY_VARIABLE: str(old)})


def test_an_old_version_with_all_that_is_needed_is_refused_too(
    librdkafka: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_OLDEST", 0x7F000000)
    monkeypatch.setenv(LIBRARY_VARIABLE, librdkafka.path)
    finding._opened.cache_clear()
    try:
        with pytest.raises(
            ImplementationNotAvailableError, match=r"too old: 2\.0\.2 is the oldest"
        ):
            library()
    finally:
        finding._opened.cache_clear()


def test_without_any_all_that_was_tried_is_listed(
    librdkafka: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_SYSTEMS", "librdkafka.so.none")
    monkeypatch.setattr(finding, "_WHEELS", ("nothing/*.so",))
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)
    finding._opened.cache_clear()
    try:
        with pytest.raises(ImplementationNotAvailableError) as caught:
            library()
    finally:
        finding._opened.cache_clear()
    assert "the system's: librdkafka.so.none: cannot open" in str(caught.value)
    assert "confluent-kafka's: " in str(caught.value)
