"""``pykafka doctor``."""

from __future__ import annotations

from typing import Any

import pytest
from cli.commands import Program

from pykafka.embedded import EmbeddedKafka

pytest.importorskip("click")
pytest.importorskip("rich")

ALONE = Program("pykafka")


def findings(program: Program, *arguments: str) -> dict[str, dict[str, Any]]:
    return {found["what"]: found for found in program.json("doctor", "--json", *arguments)}


def test_it_names_all_that_there_may_be() -> None:
    found = findings(ALONE)
    own = ["Python", "pykafka", "implementation", "record scan", "librdkafka"]
    others = "gzip snappy lz4 zstd crc32c kazoo gevent jgo Java"
    assert list(found) == [*own, *others.split()]
    assert found["gzip"]["ok"]
    assert found["implementation"]["found"] == "python (the default)"


def test_it_says_why_an_implementation_is_used_or_is_not_there() -> None:
    done = ALONE.run("doctor", env={"PYKAFKA_IMPL": "rdkafka"})
    assert done.returncode == 0
    assert "PYKAFKA_IMPL=rdkafka" in done.stdout


def test_it_says_whether_the_extension_module_is_used() -> None:
    done = ALONE.run("doctor", env={"PYKAFKA_SCAN": "off"})
    assert done.returncode == 0
    assert "PYKAFKA_SCAN=off" in done.stdout or "cannot be imported" in done.stdout
    done = ALONE.run("doctor", env={"PYKAFKA_SCAN": "on"})
    assert done.returncode == 0
    assert "PYKAFKA_SCAN=on: it is one of" in " ".join(done.stdout.split())


def test_brokers_that_are_named_are_asked(pykafka: Program, kafka: EmbeddedKafka) -> None:
    found = findings(pykafka)
    assert "controller" in found
    assert kafka.bootstrap in found["broker 0"]["found"]
    assert ", Kafka " in found["broker 0"]["found"]


def test_brokers_that_do_not_answer_are_a_failure() -> None:
    done = ALONE.run("doctor", "--hosts", "127.0.0.1:1")
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stdout
    assert "gzip" in done.stdout
    assert len(done.stderr.splitlines()) == 1
