"""``pykafka produce`` against a real broker."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from cli.commands import WITHIN, Program, failed_in_one_line

from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")


def read(pykafka: Program, topic: str, template: str = r"{value}\n") -> str:
    return pykafka.output("consume", topic, "--until-end", "--format", template)


def test_each_line_of_standard_input_is_a_message(pykafka: Program, empty: str) -> None:
    done = pykafka.run("produce", empty, input=b"one\n\nthree\r\nlast")
    assert done.returncode == 0
    assert done.stderr.startswith("4 messages")
    assert "acknowledged" in done.stderr
    values = [
        json.loads(line)["value"]
        for line in pykafka.output("consume", empty, "--until-end", "--json").splitlines()
    ]
    assert sorted(values) == ["", "last", "one", "three\r"]


def test_lines_come_from_a_file(pykafka: Program, empty: str, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")
    pykafka.output("produce", empty, str(path))
    assert sorted(read(pykafka, empty).split()) == ["a", "b"]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_lines_are_compressed_on_the_way(pykafka: Program, empty: str, codec: str) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(500))
    pykafka.output("produce", empty, "--compression", codec, "--acks", "all", input=lines)
    assert sorted(read(pykafka, empty).encode().splitlines()) == sorted(lines.splitlines())


def test_keys_stand_before_the_separator_and_choose_the_partition(
    pykafka: Program, empty: str
) -> None:
    lines = b"".join(b"key%d\tvalue\twith a tab\n" % (number % 5) for number in range(50))
    pykafka.output("produce", empty, "--key-separator", r"\t", input=lines)
    found = read(pykafka, empty, r"{key} {partition} {value}\n").splitlines()
    assert len(found) == 50
    assert all(line.endswith(" value\twith a tab") for line in found)
    assert len({line.rpartition(" value")[0] for line in found}) == 5, "a key in two partitions"


def test_lines_go_to_the_partition_that_is_named(pykafka: Program, empty: str) -> None:
    pykafka.output("produce", empty, "--partition", "1", input=b"a\nb\n")
    assert read(pykafka, empty, r"{partition}\n").split() == ["1", "1"]
    failed_in_one_line(pykafka.run("produce", empty, "--partition", "7"), "no partition 7")


def test_with_acks_0_it_does_not_claim_that_they_arrived(pykafka: Program, empty: str) -> None:
    done = pykafka.run("produce", empty, "--acks", "0", input=b"a\n")
    assert done.returncode == 0
    assert "acknowledged" not in done.stderr


def test_a_line_without_a_key_is_named_and_those_before_it_are_sent(
    pykafka: Program, empty: str
) -> None:
    done = pykafka.run("produce", empty, "-k", ":", input=b"a:1\nb:2\nno key\nc:3\n")
    failed_in_one_line(done, "2 lines were sent", "line 3")
    assert sorted(read(pykafka, empty).split()) == ["1", "2"]


def test_a_line_that_is_too_large_is_named(pykafka: Program, empty: str) -> None:
    done = pykafka.run("produce", empty, input=b"a\n" + b"x" * 2_000_000 + b"\n")
    failed_in_one_line(done, "1 lines were sent", "line 2", "max_request_size")
    assert read(pykafka, empty).split() == ["a"]


def test_what_the_broker_refuses_is_named(
    pykafka: Program, kafka: EmbeddedKafka, topic_name: str
) -> None:
    kafka.create_topic(topic_name, config={"max.message.bytes": 1000})
    done = pykafka.run("produce", topic_name, input=b"small\n" + b"x" * 5000 + b"\n")
    failed_in_one_line(done, "2 lines were sent", "not delivered", "partition=0", "TOO_LARGE")


def test_ctrl_c_sends_what_was_typed_and_is_status_130(pykafka: Program, empty: str) -> None:
    with pykafka.start("produce", empty) as process:
        assert process.stdin is not None
        process.stdin.write(b"typed\n")
        process.stdin.flush()
        # It arrives although the input goes on: a line waits for others for a moment only.
        assert pykafka.output("consume", empty, "--limit", "1") == "typed\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 130
        assert process.stderr is not None
        errors = process.stderr.read()
    assert b"Traceback" not in errors
    assert b"1 message," in errors
