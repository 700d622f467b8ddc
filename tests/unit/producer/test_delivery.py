"""What becomes of a batch: acknowledged, retried in order, or failed in time; scripted brokers."""

from __future__ import annotations

import pytest
from unit.producer.scripted import Scripted

from pykafka.exceptions import (
    LeaderNotFoundError,
    MessageSizeTooLarge,
    ProduceFailureError,
    ProtocolClientError,
    RequestTimedOut,
)


def test_offsets_are_filled_in_when_a_batch_is_acknowledged(scripted: Scripted) -> None:
    script = scripted()
    script.brokers.logs[0] = [b"older"] * 7
    messages = script.produce(b"a", b"b")
    while script.brokers.pending:
        script.sent().acknowledge()
    assert [message.offset for message in messages] == [7, 8]


def test_without_acknowledgements_there_are_no_offsets(scripted: Scripted) -> None:
    script = scripted(required_acks=0, delivery_reports=True)
    (message,) = script.produce(b"a")
    script.sent().acknowledge()
    assert list(script.reports()) == [(message, None)]
    assert message.offset == -1


def test_without_acknowledgements_a_broken_connection_is_reported_as_unknown(
    scripted: Scripted,
) -> None:
    script = scripted(required_acks=0, delivery_reports=True)
    script.produce(b"a")
    script.sent().lose(written=True)
    ((_, error),) = script.reports()
    assert isinstance(error, ProduceFailureError)
    assert "unknown" in str(error)


def test_a_retry_goes_ahead_of_later_batches(scripted: Scripted) -> None:
    script = scripted()
    script.brokers.automatic = False
    script.produce(b"a")
    script.produce(b"b", b"c")
    script.sent().refuse(7)
    script.brokers.automatic = True
    script.producer.flush()
    assert script.brokers.logs[0] == [b"a", b"b", b"c"]


def test_tries_are_bounded_and_the_last_error_is_reported(scripted: Scripted) -> None:
    script = scripted(max_retries=2, delivery_reports=True)
    script.produce(b"a")
    for _ in range(3):
        script.loop.advance(2, lambda: bool(script.brokers.pending))
        script.sent().refuse(7)
    ((_, error),) = script.reports()
    assert isinstance(error, RequestTimedOut)


def test_brokers_that_do_not_lead_cost_no_try(scripted: Scripted) -> None:
    script = scripted(max_retries=0, delivery_reports=True)
    script.produce(b"a")
    for code in (6, 6, 5, 6):
        script.loop.advance(2, lambda: bool(script.brokers.pending))
        script.sent().refuse(code)
    script.loop.advance(2, lambda: bool(script.brokers.pending))
    script.brokers.automatic = True
    script.sent().acknowledge()
    ((_, error),) = script.reports()
    assert error is None


def test_errors_that_no_retry_can_mend_are_not_retried(scripted: Scripted) -> None:
    script = scripted(delivery_reports=True)
    script.produce(b"a")
    script.sent().refuse(10)
    ((_, error),) = script.reports()
    assert isinstance(error, MessageSizeTooLarge)


def test_an_error_code_that_nobody_knows_is_reported_with_its_number(scripted: Scripted) -> None:
    script = scripted(delivery_reports=True)
    script.produce(b"a")
    script.sent().refuse(4242)
    ((_, error),) = script.reports()
    assert isinstance(error, ProtocolClientError)
    assert error.error_code == 4242
    assert "4242" in str(error)


def test_an_answer_without_the_partition_is_a_failure(scripted: Scripted) -> None:
    script = scripted(delivery_reports=True)
    script.produce(b"a")
    script.sent().leave_out()
    ((_, error),) = script.reports()
    assert isinstance(error, ProduceFailureError)


def test_failures_are_raised_by_the_next_call_with_their_messages(scripted: Scripted) -> None:
    script = scripted()
    messages = script.produce(b"a")
    script.sent().refuse(10)
    with pytest.raises(ProduceFailureError) as caught:
        script.produce(b"b")
    assert caught.value.messages == messages
    assert isinstance(caught.value.__cause__, MessageSizeTooLarge)
    script.produce(b"c")
    script.sent().refuse(10)
    with pytest.raises(ProduceFailureError):
        script.producer.stop()
    script.producer.stop()


def test_a_batch_under_way_when_its_partition_moves_does_not_strand_the_next(
    scripted: Scripted,
) -> None:
    script = scripted({0: 0, 1: 1})
    script.produce(b"a")
    script.produce(b"b")
    script.client.set_leaders({0: 1, 1: 1})
    script.sent().acknowledge()
    assert script.sent().leader == 1
    script.sent().acknowledge()
    assert script.brokers.logs[0] == [b"a", b"b"]


def test_a_partition_whose_leader_is_gone_is_sent_to_the_next_one(scripted: Scripted) -> None:
    script = scripted({0: 0, 1: 1}, delivery_reports=True)
    script.produce(b"a")
    script.client.leaders[0] = -1
    script.sent().lose()
    script.loop.advance(3)
    assert not script.brokers.pending
    script.client.leaders[0] = 1
    script.brokers.automatic = True
    script.producer.flush()
    assert script.brokers.logs[0] == [b"a"]


def test_while_no_leader_is_known_messages_fail_within_delivery_timeout(scripted: Scripted) -> None:
    script = scripted({0: -1, 1: 1}, delivery_reports=True, delivery_timeout_ms=10_000)
    script.produce(b"early")
    script.loop.advance(6)
    script.produce(b"late")
    script.loop.advance(4)
    ((message, error),) = script.reports()
    assert message.value == b"early"
    assert isinstance(error, ProduceFailureError)
    assert isinstance(error.__cause__, LeaderNotFoundError)
    script.loop.advance(6)
    ((message, _),) = script.reports()
    assert message.value == b"late"


def test_while_no_connection_can_be_made_messages_fail_within_delivery_timeout(
    scripted: Scripted,
) -> None:
    script = scripted(delivery_reports=True, delivery_timeout_ms=10_000, max_retries=0)
    script.brokers.reachable = False
    script.produce(b"early")
    script.loop.advance(6)
    script.produce(b"late")
    script.loop.advance(4)
    assert [message.value for message, _ in script.reports()] == [b"early"]
    script.brokers.reachable = True
    script.loop.advance(2)
    script.sent().acknowledge()
    ((message, error),) = script.reports()
    assert (message.value, error) == (b"late", None)


def test_what_could_not_be_sent_stays_ahead_of_what_came_later(scripted: Scripted) -> None:
    script = scripted()
    script.brokers.reachable, script.brokers.connecting_s = False, 0.5
    script.produce(b"a", b"b")
    script.produce(b"c")
    script.loop.advance(0.51)
    script.brokers.reachable = script.brokers.automatic = True
    script.producer.flush()
    assert script.brokers.logs[0] == [b"a", b"b", b"c"]


def test_what_was_reported_while_connecting_is_not_sent_afterwards(scripted: Scripted) -> None:
    script = scripted(delivery_reports=True, delivery_timeout_ms=2000)
    script.brokers.connecting_s = 5.0
    script.produce(b"old")
    script.loop.advance(4)
    script.produce(b"young")
    script.brokers.automatic, script.brokers.connecting_s = True, 0.0
    script.producer.flush()
    assert script.brokers.logs[0] == [b"young"]
    assert [message.value for message, error in script.reports() if error] == [b"old"]


@pytest.mark.parametrize("acks", [0, 1])
def test_a_broker_that_does_not_answer_cannot_hold_a_report_back(
    acks: int, scripted: Scripted
) -> None:
    script = scripted(
        delivery_reports=True,
        delivery_timeout_ms=10_000,
        required_acks=acks,
        linger_ms=0,
    )
    script.produce(b"a")
    script.produce(b"b")
    script.loop.advance(11)
    assert [message.value for message, error in script.reports() if error] == [b"a", b"b"]
    # Its answer comes after all: too late for the report, and nothing was sent meanwhile.
    script.produce(b"c")
    script.sent().acknowledge()
    script.sent().acknowledge()
    ((message, error),) = script.reports()
    assert (message.value, error) == (b"c", None)


def test_a_producer_that_was_idle_for_long_is_as_good_as_new(scripted: Scripted) -> None:
    script = scripted(linger_ms=5000, delivery_timeout_ms=20_000, delivery_reports=True)
    script.brokers.automatic = True
    script.produce(b"a")
    script.producer.flush()
    script.loop.advance(3600)
    script.produce(b"b")
    script.loop.advance(4.9)
    assert [message.value for message, _ in script.reports()] == [b"a"]
    script.loop.advance(0.2)
    assert [(message.value, error) for message, error in script.reports()] == [(b"b", None)]


def test_lingering_never_uses_up_the_delivery_timeout(scripted: Scripted) -> None:
    script = scripted(linger_ms=60_000, delivery_timeout_ms=10_000, delivery_reports=True)
    script.brokers.automatic = True
    script.produce(b"a")
    script.loop.advance(10)
    assert [error for _, error in script.reports()] == [None]


def test_an_idle_partition_does_not_age(scripted: Scripted) -> None:
    script = scripted(
        {0: 0, 1: 0}, linger_ms=5000, delivery_timeout_ms=20_000, delivery_reports=True
    )
    script.brokers.automatic = True
    for _ in range(10):
        script.produce(b"a", partition=0)
        script.loop.advance(6)
    script.produce(b"b", partition=1)
    script.loop.advance(6)
    assert [error for _, error in script.reports() if error] == []


def test_one_bad_partition_does_not_hold_up_another(scripted: Scripted) -> None:
    script = scripted({0: 0, 1: 0}, delivery_reports=True, min_queued_messages=2, linger_ms=60_000)
    script.producer.produce(b"bad", b"0")
    script.producer.produce(b"good", b"1")
    script.loop.run()
    script.sent().acknowledge(p0=10)
    outcomes = {message.value: error for message, error in script.reports()}
    assert outcomes[b"good"] is None
    assert isinstance(outcomes[b"bad"], MessageSizeTooLarge)


def test_a_failure_that_lasts_is_a_line_in_the_log_not_a_page(
    scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    script = scripted({0: 0, 1: -1})
    script.brokers.reachable = False
    script.produce(b"a", partition=0)
    script.produce(b"b", partition=1)
    script.loop.advance(60)
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2
    assert any("no leader for partitions 1" in line for line in warnings)
    assert any("refuses connections" in line for line in warnings)
