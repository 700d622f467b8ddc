"""When messages leave, what is refused, and what stopping and starting do; brokers are a script."""

from __future__ import annotations

from typing import Any

import pytest
from unit.producer.scripted import Script, Scripted

from pykafka.exceptions import (
    KafkaException,
    MessageSizeTooLarge,
    ProduceFailureError,
    ProducerQueueFullError,
    ProducerStoppedException,
    WaitTimedOutError,
)


def test_nothing_leaves_before_as_many_as_asked_are_queued(scripted: Scripted) -> None:
    script = scripted(min_queued_messages=10, linger_ms=60_000)
    script.produce(*[b"m"] * 9)
    script.loop.advance(59)
    assert not script.brokers.pending
    script.produce(b"the tenth")
    assert len(script.sent().values[0]) == 10


def test_messages_under_way_do_not_count_as_queued(scripted: Scripted) -> None:
    script = scripted(min_queued_messages=10, linger_ms=60_000)
    script.produce(*[b"first"] * 10)
    script.produce(*[b"second"] * 9)
    script.sent().acknowledge()
    assert not script.brokers.pending
    script.produce(b"second")
    assert script.sent().values[0] == [b"second"] * 10


def test_linger_counts_from_the_first_message_queued(scripted: Scripted) -> None:
    script = scripted(linger_ms=5000)
    script.produce(b"a")
    script.loop.advance(3)
    script.produce(b"b")
    script.loop.advance(1.9)
    assert not script.brokers.pending
    script.loop.advance(0.2)
    assert script.sent().values[0] == [b"a", b"b"]


def test_a_full_batch_does_not_linger(scripted: Scripted) -> None:
    script = scripted(linger_ms=60_000, max_request_size=1000)
    script.produce(*[b"x" * 100] * 9)
    assert len(script.sent().values[0]) >= 5


def test_a_batch_is_never_larger_than_max_request_size(scripted: Scripted) -> None:
    script = scripted(max_request_size=1000, min_queued_messages=10_000, linger_ms=60_000)
    script.brokers.automatic = True
    sizes = [1, 900, 1, 900, 400, 400, 400, 1, 1, 1] * 20
    script.produce(*[b"x" * size for size in sizes])
    script.producer.flush()
    assert [len(value) for value in script.brokers.logs[0]] == sizes


def test_a_message_larger_than_max_request_size_is_refused_by_name(scripted: Scripted) -> None:
    script = scripted(max_request_size=1000)
    with pytest.raises(MessageSizeTooLarge, match="max_request_size"):
        script.produce(b"x" * 1000)


def test_a_full_queue_raises_when_told_to(scripted: Scripted) -> None:
    script = scripted(max_queued_messages=5, block_on_queue_full=False, linger_ms=60_000)
    script.produce(*[b"x"] * 5)
    with pytest.raises(ProducerQueueFullError, match="max_queued_messages=5"):
        script.produce(b"one more")


def test_a_full_queue_is_sent_at_once_and_there_is_room_again(scripted: Scripted) -> None:
    script = scripted(max_queued_messages=5, block_on_queue_full=False, linger_ms=60_000)
    script.produce(*[b"x"] * 5)
    with pytest.raises(ProducerQueueFullError):
        script.produce(b"one more")
    script.loop.run()
    script.sent().acknowledge()
    script.produce(b"one more")


def test_bytes_are_bounded_also_below_the_size_of_a_request(scripted: Scripted) -> None:
    script = scripted(max_queued_bytes=10_000, block_on_queue_full=False, linger_ms=60_000)
    with pytest.raises(ProducerQueueFullError, match="max_queued_bytes=10000"):
        script.produce(*[b"x" * 1000] * 20)


def test_stop_sends_what_lingers(scripted: Scripted) -> None:
    script = scripted(linger_ms=3_600_000)
    script.brokers.automatic = True
    before = script.loop.now
    script.produce(b"a", b"b")
    script.producer.stop()
    assert script.brokers.logs[0] == [b"a", b"b"]
    assert script.loop.now - before < 1


def test_stop_twice_is_once(scripted: Scripted) -> None:
    script = scripted()
    script.producer.stop()
    script.producer.stop()


def test_a_stopped_producer_refuses_everything_but_start(scripted: Scripted) -> None:
    script = scripted()
    script.producer.stop()
    with pytest.raises(ProducerStoppedException):
        script.produce(b"x")
    with pytest.raises(ProducerStoppedException):
        script.producer.flush()


def test_start_revives_a_stopped_producer(scripted: Scripted) -> None:
    script = scripted()
    script.brokers.automatic = True
    script.produce(b"before")
    script.producer.stop()
    script.producer.start()
    script.produce(b"after")
    script.producer.flush()
    assert script.brokers.logs[0] == [b"before", b"after"]


def test_stop_reports_what_was_not_acknowledged_and_start_begins_clean(scripted: Scripted) -> None:
    script = scripted(pending_timeout_ms=2000)
    (message,) = script.produce(b"lost")
    with pytest.raises(ProduceFailureError) as caught:
        script.producer.stop()
    assert caught.value.messages == [message]
    script.brokers.pending.clear()
    script.producer.start()
    script.brokers.automatic = True
    script.produce(b"after")
    script.producer.flush()
    assert script.brokers.logs[0] == [b"after"]


def _interrupt_next_wait(script: Script) -> None:
    make_event = script.client.backend.event

    def event() -> Any:
        script.client.backend.event = make_event
        made = make_event()
        made.wait = _interrupted  # type: ignore[method-assign]
        return made

    script.client.backend.event = event


def _interrupted(timeout: float | None = None) -> bool:
    raise KeyboardInterrupt


def test_an_interrupted_stop_can_be_finished(scripted: Scripted) -> None:
    script = scripted()
    script.produce(b"x")
    _interrupt_next_wait(script)
    with pytest.raises(KeyboardInterrupt):
        script.producer.stop()
    with pytest.raises(ProducerStoppedException):
        script.produce(b"y")
    script.loop.run()
    script.sent().acknowledge()
    script.producer.stop()
    assert script.brokers.logs[0] == [b"x"]
    assert not script.client.metadata_listeners


def test_a_message_that_meets_the_end_of_a_stop_is_refused_not_forgotten(
    scripted: Scripted,
) -> None:
    def partitioner(partitions: list[Any], key: bytes | None) -> Any:
        # In the middle of produce(), as another thread may.
        script.producer.stop()
        return partitions[0]

    script = scripted(partitioner=partitioner)
    with pytest.raises(ProducerStoppedException):
        script.producer.produce(b"x")
    script.producer.start()
    script.brokers.automatic = True
    script.producer.flush()
    assert script.brokers.logs == {}


def test_a_message_whose_permit_was_taken_back_by_a_stop_is_refused(scripted: Scripted) -> None:
    def permit() -> Any:
        # A message has its permit, and another thread stops before it is queued.
        lane = script.producer._core.lanes[0]
        script.producer.stop()
        return lane

    script = scripted()
    script.producer._core.permits.take = permit
    with pytest.raises(ProducerStoppedException):
        script.producer.produce(b"x")
    assert script.producer._core.queued == 0


def test_a_message_that_meets_the_beginning_of_a_stop_is_taken_back(scripted: Scripted) -> None:
    def partitioner(partitions: list[Any], key: bytes | None) -> Any:
        _interrupt_next_wait(script)
        with pytest.raises(KeyboardInterrupt):
            script.producer.stop()
        return partitions[0]

    script = scripted(partitioner=partitioner)
    with pytest.raises(ProducerStoppedException):
        script.producer.produce(b"x")
    script.brokers.automatic = True
    script.producer.stop()
    assert script.brokers.logs == {}


def test_flush_that_takes_too_long_leaves_messages_queued(scripted: Scripted) -> None:
    script = scripted()
    script.produce(b"x")
    with pytest.raises(WaitTimedOutError, match="1 messages"):
        script.producer.flush(timeout_ms=300)
    script.sent().acknowledge()
    script.producer.flush()
    assert script.brokers.logs[0] == [b"x"]


def test_flush_waits_only_for_what_was_queued_when_it_began(scripted: Scripted) -> None:
    script = scripted(linger_ms=60_000)
    script.brokers.automatic = True
    script.produce(b"a")
    script.loop.call_later(0, lambda: script.producer.produce(b"later", b"0"))
    script.producer.flush()
    assert script.brokers.logs[0][0] == b"a"


def test_reports_off_is_an_error_not_an_empty_queue(scripted: Scripted) -> None:
    with pytest.raises(KafkaException, match="delivery_reports"):
        scripted().producer.get_delivery_report(block=False)
    with pytest.raises(KafkaException, match="delivery_reports"):
        scripted().producer.get_delivery_reports()


def test_reports_come_many_at_a_time_if_that_is_asked_for(scripted: Scripted) -> None:
    script = scripted(delivery_reports=True, linger_ms=60_000)
    script.brokers.automatic = True
    assert script.producer.get_delivery_reports() == []
    produced = script.produce(b"a", b"b", b"c")
    script.producer.flush()
    later = script.produce(b"d")
    script.producer.flush()
    assert script.producer.get_delivery_report() == (produced[0], None)
    told = script.producer.get_delivery_reports()
    assert [message for messages, _ in told for message in messages] == [*produced[1:], *later]
    assert {error for _, error in told} == {None}
    assert script.producer.get_delivery_reports() == []


def test_a_producer_that_is_dropped_sends_what_it_holds_without_lingering(
    scripted: Scripted,
) -> None:
    script = scripted(linger_ms=3_600_000)
    script.brokers.automatic = True
    script.produce(b"x")
    script.drop_producer()
    script.loop.advance(1)
    assert script.brokers.logs[0] == [b"x"]
    assert not script.client.metadata_listeners
