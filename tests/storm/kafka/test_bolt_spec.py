"""The Kafka bolt in a topology, and what a worker imports for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pykafka.exceptions import InvalidOptionError, UnknownOptionError
from pykafka.storm import KafkaBolt, Spout, Topology


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
