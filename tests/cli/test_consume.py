"""``pykafka consume`` against a real broker."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line, feed, fill

from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

ALL = [f"value {number}" for number in range(20)]


def lines(text: str) -> list[str]:
    return sorted(text.splitlines(), key=lambda line: int(line.rpartition(" ")[2]))


def committed(pykafka: Program, topic: str, group: str) -> list[int | None]:
    found = pykafka.json("offsets", topic, "--group", group, "--json")
    return [row["committed"] for row in found["partitions"]]


def read_lines(process: subprocess.Popen[bytes], count: int) -> list[bytes]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def test_everything_up_to_the_end_is_printed(pykafka: Program, filled: str) -> None:
    assert lines(pykafka.output("consume", filled, "--until-end")) == ALL


def test_an_empty_topic_ends_at_once(pykafka: Program, empty: str) -> None:
    assert pykafka.output("consume", empty, "--until-end") == ""


def test_it_ends_after_the_limit(pykafka: Program, filled: str) -> None:
    assert len(pykafka.output("consume", filled, "--limit", "3").splitlines()) == 3


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("earliest", ALL),
        ("latest", []),
        ("0", ALL),
        ("9", ALL[-2:]),
        ("10", []),
        ("2001-01-01", ALL),
    ],
)
def test_it_begins_at_a_place(
    pykafka: Program, filled: str, place: str, expected: list[str]
) -> None:
    found = pykafka.output("consume", filled, "--from", place, "--until-end")
    assert lines(found) == expected


def test_an_offset_that_is_not_there_is_one_line_with_those_that_are(
    pykafka: Program, filled: str
) -> None:
    done = pykafka.run("consume", filled, "--from", "11")
    failed_in_one_line(done, "offset 11", "partition 0", "from 0 to 10")


def test_new_messages_are_printed_as_they_come(
    kafka: EmbeddedKafka, pykafka: Program, filled: str
) -> None:
    with pykafka.start("consume", filled, "--from", "latest", "--limit", "2") as process:
        feed(kafka.bootstrap, filled, process, 2)
        assert process.wait(WITHIN) == 0


def test_one_partition_is_read(pykafka: Program, filled: str) -> None:
    found = pykafka.output("consume", filled, "--partition", "1", "--until-end")
    assert lines(found) == ALL[::2]
    failed_in_one_line(pykafka.run("consume", filled, "-p", "2"), "no partition 2", "0 to 1")


def test_fields_are_formatted(pykafka: Program, filled: str) -> None:
    found = pykafka.output(
        "consume", filled, "-p", "0", "-n", "1", "-f", r"{topic}/{partition}@{offset}: {value}|\n"
    )
    assert found == f"{filled}/0@0: value 1|\n"


def test_json_has_one_object_in_a_line(pykafka: Program, filled: str) -> None:
    found = pykafka.output("consume", filled, "--until-end", "--json")
    objects = [json.loads(line) for line in found.splitlines()]
    assert sorted((each["partition"], each["offset"]) for each in objects) == [
        (partition, offset) for partition in (0, 1) for offset in range(10)
    ]
    assert {each["value"] for each in objects} == set(ALL)


def test_raw_values_are_exact(kafka: EmbeddedKafka, pykafka: Program, empty: str) -> None:
    every = bytes(range(256))
    fill(kafka.bootstrap, empty, [every])
    with pykafka.start("consume", empty, "-n", "1", "--raw", "-f", "{value}") as process:
        found, _ = process.communicate(timeout=WITHIN)
    assert found == every


def test_a_group_goes_on_where_it_was(pykafka: Program, filled: str) -> None:
    first = pykafka.output("consume", filled, "--group", "g", "--limit", "7")
    second = pykafka.output("consume", filled, "--group", "g", "--until-end")
    assert lines(first + second) == ALL
    assert committed(pykafka, filled, "g") == [10, 10]
    assert pykafka.output("consume", filled, "--group", "g", "--until-end") == ""


def test_a_place_moves_the_group(pykafka: Program, filled: str) -> None:
    pykafka.output("consume", filled, "--group", "g", "--until-end")
    again = pykafka.output("consume", filled, "--group", "g", "--from", "8", "--until-end")
    assert lines(again) == ALL[-4:]


def test_ctrl_c_ends_it_well_and_commits_what_was_printed(pykafka: Program, filled: str) -> None:
    with pykafka.start("consume", filled, "--group", "g") as process:
        read_lines(process, 20)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WITHIN)
    assert (process.returncode, errors) == (0, b"")
    assert committed(pykafka, filled, "g") == [10, 10]


def test_ctrl_c_before_the_limit_is_status_130(pykafka: Program, filled: str) -> None:
    with pykafka.start("consume", filled, "--limit", "1000") as process:
        read_lines(process, 20)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WITHIN)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_a_reader_that_leaves_ends_it_without_words_or_commits_of_what_it_did_not_get(
    kafka: EmbeddedKafka, pykafka: Program, empty: str
) -> None:
    fill(kafka.bootstrap, empty, [b"x" * 1000] * 2000)
    with pykafka.start("consume", empty, "--group", "g") as process:
        read_lines(process, 1)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(WITHIN) == 141
    assert sum(offset or 0 for offset in committed(pykafka, empty, "g")) < 1000


def test_an_unknown_topic_is_one_line(pykafka: Program) -> None:
    failed_in_one_line(pykafka.run("consume", "nowhere"), "nowhere")
