"""Whatever brokers and connections do, order is kept and every message is accounted for once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from unit.producer.scripted import Script, Sent

#: Retriable, asking for metadata, and neither of both.
_CODES = st.sampled_from([2, 3, 5, 6, 7, 10, 19, 20, 4242, -1])
_PARTITIONS = st.sampled_from([0, 1, 2])
_BROKERS = st.sampled_from([-1, 0, 1])


class Producing(RuleBasedStateMachine):
    """One producer of three partitions on two brokers, and all that can happen to it.

    That two batches of one partition are never under way at once is asserted by the script.
    """

    @initialize(
        retries=st.integers(0, 3),
        linger_ms=st.sampled_from([0, 200]),
        size=st.sampled_from([60, 200, 100_000]),
        timeout_ms=st.sampled_from([2_000, 60_000]),
    )
    def begin(self, retries: int, linger_ms: int, size: int, timeout_ms: int) -> None:
        self.script = Script(
            {0: 0, 1: 0, 2: 1},
            max_retries=retries,
            linger_ms=linger_ms,
            max_request_size=size,
            delivery_timeout_ms=timeout_ms,
            delivery_reports=True,
        )
        self.timeout_s = timeout_ms / 1000
        self.produced: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
        self.queued_at: dict[bytes, float] = {}
        self.outcomes: dict[bytes, Exception | None] = {}

    @rule(partition=_PARTITIONS, count=st.integers(1, 5))
    def produce(self, partition: int, count: int) -> None:
        for _ in range(count):
            value = b"%d-%06d" % (partition, len(self.produced[partition]))
            self.script.producer.produce(value, b"%d" % partition)
            self.produced[partition].append(value)
            self.queued_at[value] = self.script.loop.now
        self.script.loop.run()

    @rule(seconds=st.floats(0.01, 3))
    def time_passes(self, seconds: float) -> None:
        self.script.loop.advance(seconds)

    def _pending(self, data: st.DataObject) -> Sent:
        return data.draw(st.sampled_from(self.script.brokers.pending))

    def something_is_under_way(self) -> bool:
        return bool(self.script.brokers.pending)

    @precondition(something_is_under_way)
    @rule(data=st.data())
    def a_broker_acknowledges(self, data: st.DataObject) -> None:
        self._pending(data).acknowledge()

    @precondition(something_is_under_way)
    @rule(data=st.data(), code=_CODES)
    def a_broker_refuses_all(self, data: st.DataObject, code: int) -> None:
        self._pending(data).refuse(code)

    @precondition(something_is_under_way)
    @rule(data=st.data(), code=_CODES, partition=_PARTITIONS)
    def a_broker_refuses_one_partition(
        self, data: st.DataObject, code: int, partition: int
    ) -> None:
        self._pending(data).acknowledge(**{f"p{partition}": code})

    @precondition(something_is_under_way)
    @rule(data=st.data(), written=st.booleans())
    def a_connection_breaks(self, data: st.DataObject, written: bool) -> None:
        self._pending(data).lose(written)

    @rule(reachable=st.booleans(), seconds=st.sampled_from([0.0, 0.0, 0.3, 3.0]))
    def connections_can_be_made(self, reachable: bool, seconds: float) -> None:
        self.script.brokers.reachable = reachable
        self.script.brokers.connecting_s = seconds

    @rule(partition=_PARTITIONS, leader=_BROKERS, known=st.booleans())
    def a_partition_moves(self, partition: int, leader: int, known: bool) -> None:
        leaders = self.script.client.leaders | {partition: leader}
        if known:
            self.script.client.set_leaders(leaders)
        else:
            self.script.client.leaders = leaders

    @rule()
    def stop_and_start(self) -> None:
        self.script.producer.stop()
        self.check_settled()
        # Answers to what was under way come too late.
        self.script.brokers.pending.clear()
        self.script.producer.start()
        self.script.loop.run()

    @invariant()
    def outcomes_come_once_in_time_and_are_true(self) -> None:
        if not hasattr(self, "script"):
            return
        for message, error in self.script.reports():
            assert message.value not in self.outcomes, "reported twice"
            self.outcomes[message.value] = error
            if error is None:
                log = self.script.brokers.logs[message.partition_id]
                assert log[message.offset] == message.value

        overdue = self.script.loop.now - self.timeout_s
        late = [v for v, at in self.queued_at.items() if at < overdue and v not in self.outcomes]
        assert not late

    @invariant()
    def nothing_is_reordered(self) -> None:
        if not hasattr(self, "script"):
            return
        for partition, log in self.script.brokers.logs.items():
            first_seen = list(dict.fromkeys(log))
            at = {value: place for place, value in enumerate(self.produced[partition])}
            places = [at[value] for value in first_seen if value is not None]
            assert places == sorted(places)

    def check_settled(self) -> None:
        self.outcomes_come_once_in_time_and_are_true()
        everything = {value for values in self.produced.values() for value in values}
        assert self.outcomes.keys() == everything

    def teardown(self) -> None:
        if not hasattr(self, "script"):
            return
        self.script.brokers.automatic = self.script.brokers.reachable = True
        self.script.brokers.connecting_s = 0.0
        self.script.client.set_leaders({0: 0, 1: 1, 2: 1})
        for sent in list(self.script.brokers.pending):
            sent.acknowledge()
        self.script.producer.flush()
        self.check_settled()
        self.script.producer.stop()


Producing.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestProducing = Producing.TestCase
