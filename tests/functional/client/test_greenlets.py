"""use_greenlets=True: on gevent, which patches nothing."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from functional.client.programs import run_program
from services import IMPLEMENTATIONS, end_because_missing

from pykafka import KafkaClient
from pykafka.embedded import EmbeddedKafka
from pykafka.exceptions import UsageError
from pykafka.runtime.implementation import IMPLEMENTATION_VARIABLE, PYTHON, RDKAFKA

_HAS_GEVENT = importlib.util.find_spec("gevent") is not None


def test_without_gevent_the_error_names_the_package(
    kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gevent", None)
    with pytest.raises(UsageError, match=r"pykafka\[gevent\]"):
        KafkaClient(kafka.bootstrap, use_greenlets=True)


_ROUND_TRIP = """
import sys
import threading
import gevent
from pykafka import KafkaClient

turns = 0
def tick():
    global turns
    while True:
        turns += 1
        gevent.sleep(0.005)
ticking = gevent.spawn(tick)

client = KafkaClient(sys.argv[1], use_greenlets=True)
topic = client.topics[sys.argv[2]]
with topic.get_producer(linger_ms=20) as producer:
    for number in range(1000):
        producer.produce(b"%d" % number)
with topic.get_sync_producer() as producer:
    assert producer.produce(b"last").offset >= 0

consumer = topic.get_simple_consumer("greenlets", consumer_timeout_ms=700)
reading = [gevent.spawn(lambda: [m.value for m in consumer]) for _ in range(3)]
got = [value for greenlet in reading for value in greenlet.get(timeout=30)]
assert sorted(got) == sorted([b"%d" % n for n in range(1000)] + [b"last"])
consumer.commit_offsets()
assert sum(found.offset for _, found in consumer.fetch_offsets()) == 1001

blocked = gevent.spawn(topic.get_simple_consumer("greenlets").consume)
before = turns
gevent.sleep(0.3)
assert turns > before + 10, "a wait held up the other greenlets"
assert not blocked.ready()
client.close()
blocked.join(timeout=10)
assert "ConsumerStopped" in type(blocked.exception).__name__
assert [t.name for t in threading.enumerate() if "pykafka" in t.name] == []
from gevent import monkey
assert not monkey.saved
print("done")
"""


@pytest.mark.skipif(not _HAS_GEVENT, reason="gevent is not installed")
@pytest.mark.parametrize("chosen", [PYTHON, RDKAFKA])
def test_a_round_trip_beside_another_greenlet(
    kafka: EmbeddedKafka,
    topic_name: str,
    chosen: str,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    if missing := IMPLEMENTATIONS[chosen].missing:
        end_because_missing(pytestconfig, missing)
    monkeypatch.setenv(IMPLEMENTATION_VARIABLE, chosen)
    kafka.create_topic(topic_name, partitions=2)
    out = run_program(
        _ROUND_TRIP,
        kafka.bootstrap,
        topic_name,
    )
    assert out == "done\n"
