"""How a Kafka bolt is declared, and what it tells of options that are wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from storm_side import Task

from pykafka.exceptions import InvalidOptionError, UnknownOptionError
from pykafka.storm import KafkaBolt, Spout, Topology

SUBJECT = """
from pykafka.storm import KafkaBolt

class Subject(KafkaBolt):
    pass
"""


@pytest.mark.parametrize(
    ("fields", "options", "why"),
    [
        ("value", {"hosts": None}, "set hosts, or zookeeper_hosts"),
        ("value", {"topic": None}, "set either topic or topic_field"),
        ("value", {"topic_field": "value"}, "set either topic or topic_field"),
        ("a b", {}, "option value_field must say which of the fields a, b"),
        ("value", {"encoder": "no.such"}, "option encoder: 'no.such' cannot be imported"),
        ("value", {"partitioner": "random"}, "option partitioner must be a function"),
        ("value", {"linger_ms": -1}, "option linger_ms must be from 0 to 60000, not -1"),
        (
            "value",
            {"lingerms": 1},
            "pykafka.bolt.* has no option 'lingerms'; did you mean 'linger_ms'?",
        ),
        ("value", {"compression": "zip"}, "option compression must be 'none' or 'gzip'"),
    ],
)
def test_wrong_options_are_told_before_the_first_tuple(
    tmp_path: Path, fields: str, options: dict[str, Any], why: str
) -> None:
    given = {"hosts": "127.0.0.1:1", "topic": "t", **options}
    conf = {f"pykafka.bolt.{name}": value for name, value in given.items()}
    context = {"source->stream->fields": {"source": {"default": fields.split()}}}
    with Task(SUBJECT, tmp_path, conf=conf, context=context) as task:
        said = task.until("error")["msg"]
        assert (
            f"subject (Subject): {why}" in said
            or f"subject (Subject): pykafka.bolt.* has {why}" in said
        )


def test_spec_writes_options_into_the_configuration() -> None:
    class Words(Spout):
        outputs = ["word"]

    class Results(KafkaBolt):
        hosts = "127.0.0.1:9092"
        topic = "results"

    class Sending(Topology):
        words = Words.spec()
        results = Results.spec(inputs=[words], par=2, linger_ms=20, partitioner=min)

    assert Sending.results.config == {
        "pykafka.bolt.linger_ms": 20,
        "pykafka.bolt.partitioner": "builtins.min",
    }
    assert Sending.results.par == 2
    with pytest.raises(UnknownOptionError, match="Results has no option 'linger'"):
        Results.spec(inputs=["words"], linger=20)
    with pytest.raises(InvalidOptionError, match="Results: option on_bad_tuple must be"):
        Results.spec(inputs=["words"], on_bad_tuple="ignore")


def test_a_worker_imports_no_consumer_for_it() -> None:
    program = "import pykafka.storm, sys; pykafka.storm.KafkaBolt; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "pykafka.storm.kafka.bolt" in loaded
    for other in ("pykafka.client", "pykafka.consumer", "pykafka.storm.topology", "kazoo"):
        assert other not in loaded
