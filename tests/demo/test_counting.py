"""The demo with Storm ends well only if each word was counted as without Storm."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pykafka.embedded import EmbeddedKafka
from pykafka.embedded.waiting import wait_until

pytest.importorskip("rich")
pytest.importorskip("thriftpy2")

RUN = Path(__file__).resolve().parents[2] / "demo" / "run.py"
WITHIN = 240
MEGABYTES = 0.05

Through = Callable[[Iterable[tuple[str, int]]], Iterator[tuple[str, int]]]
#: What counting gives: status and output.
Counted = Callable[[Through], tuple[int, str]]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The demo's module, with the topology in this process instead of on Storm."""
    import counting

    from pykafka.storm import run_in_process

    def run(run: Any, *, done: Callable[[], bool], **_: Any) -> None:
        # Not before each step: it asks Kafka.
        looks = itertools.count()
        engine = run_in_process(
            run.topology,
            config=run.conf,
            real_time=True,
            keep=0,
            until=lambda _: next(looks) % 100 == 0 and done(),
        )
        engine.close()

    monkeypatch.setattr(counting, "run_on_storm", run)
    monkeypatch.setattr(counting, "_PATIENCE", 10.0)
    return counting


@pytest.fixture
def count(counting: Any, need_releases: Callable[..., None]) -> Iterator[Counted]:
    """Run the demo's main part with Storm; on brokers of its own, as its topics' names are."""
    import corpus
    import run
    from rich.console import Console

    def count(through: Through) -> tuple[int, str]:
        console = Console(width=120)
        with console.capture() as captured:
            text = corpus.lines(MEGABYTES)
            status = counting.count_words(kafka, text, MEGABYTES, 0, console, through)
        return status, captured.get()

    need_releases(run.RELEASE)
    with EmbeddedKafka(run.RELEASE) as kafka:
        yield count


def lose_a_word(counts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return ((word, number) for word, number in counts if word != "the")


def count_one_twice(counts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return ((word, number + (word == "the")) for word, number in counts)


def add_a_word(counts: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return itertools.chain.from_iterable(
        [(word, number), *([("thee", 1)] if word == "the" else [])] for word, number in counts
    )


def test_counts_that_are_right_are_status_0(count: Counted) -> None:
    status, text = count(iter)
    assert status == 0, text
    assert "3 spout tasks share 6 partitions: " in text
    assert "has the count that it has without Storm" in text
    assert text.count("ok") == 11
    assert "WRONG" not in text


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lose_a_word, "'the': 0 and not "),
        (count_one_twice, "1 words have other counts than without Storm: 'the'"),
        (add_a_word, "1 words are not in the text: ['thee']"),
    ],
)
def test_a_count_that_is_wrong_is_status_1_and_is_found(
    count: Counted, spoil: Through, why: str
) -> None:
    status, text = count(spoil)
    assert status == 1
    assert f"WRONG: {why}" in text or why in text
    assert "has the count that it has" not in text


def test_lines_that_are_not_committed_are_found() -> None:
    from totals import Totals, differences

    totals = Totals()
    assert totals.take([("a", 1), ("b", 2), ("a", 3)]) == 3
    assert (totals.count, totals.messages) == (5, 3)
    right = {"a": 3, "b": 2}
    assert differences(right, totals, {0: 7, 1: 0}, {0: 7, 1: 0}) == []
    assert differences(right, totals, {0: 6}, {0: 7, 1: 0}) == [
        "partition 0: 6 of 7 lines are committed"
    ]


@pytest.fixture
def marked() -> dict[str, str]:
    """An environment that shows whose a process is."""
    return {**os.environ, "PYKAFKA_DEMO_OF_TEST": uuid.uuid4().hex}


def left_behind(environment: dict[str, str]) -> list[str]:
    """Command lines of the processes that have this environment."""
    mark = environment["PYKAFKA_DEMO_OF_TEST"].encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it has ended, or is another user's
    return found


@pytest.mark.slow
@pytest.mark.timeout(WITHIN + 60)
@pytest.mark.usefixtures("storm_release")  # what it starts is known to be here
def test_it_runs_by_itself_on_storm(marked: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, RUN, "--megabytes", "0.2"],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
        env=marked,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 spout tasks share 6 partitions: " in done.stdout
    assert "has the count that it has without Storm" in done.stdout
    wait_until(lambda: not left_behind(marked), 20, "end of all processes")


@pytest.mark.slow
@pytest.mark.timeout(WITHIN + 60)
@pytest.mark.usefixtures("storm_release")
def test_ctrl_c_ends_it_with_storm_and_all_workers(marked: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", RUN, "--megabytes", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=marked,
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("a worker has started") for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert "Traceback" not in errors
    wait_until(lambda: not left_behind(marked), 20, "end of all processes")
