"""Kafka spouts that a test drives in its own thread, as Storm would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pykafka import KafkaClient
from pykafka.storm import KafkaSpout
from pykafka.storm.exceptions import SerializationError
from pykafka.storm.multilang import fast_json

#: Seconds for whatever is waited for.
WITHIN = 40.0
#: Seconds in which a call of a spout has to return: acks wait behind it.
SOON = 0.05

#: What becomes of a tuple: True acks it, False fails it, None leaves it in flight.
Settle = Callable[[str, list[Any]], "bool | None"]


def ack_all(_: str, __: list[Any]) -> bool:
    """Everything succeeds."""
    return True


class SpoutRun:
    """One task of a spout: what it emits and says, and what is settled.

    It is the component's outlet.

    :ivar emits: id -> how often it was emitted (of tuples with ids).
    :ivar values: of everything that was emitted, in order: (id, values, stream).
    :ivar slowest: seconds that the longest call has computed (what it has waited for the machine
        is not its own).
    """

    def __init__(
        self,
        cls: type[KafkaSpout],
        number: int = 0,
        tasks: int = 1,
        conf: dict[str, Any] | None = None,
        topology_id: str = "test-1",
    ) -> None:
        self.emits: Counter[str] = Counter()
        self.values: list[tuple[str | None, list[Any], str]] = []
        self.in_flight: dict[str, list[Any]] = {}
        self.logs: list[str] = []
        self.errors: list[str] = []
        self.slowest = 0.0
        self._new: list[str] = []
        self.spout = cls()
        self.spout.storm_start(
            {
                "topology.name": topology_id.partition("-")[0],
                "storm.id": topology_id,
                **(conf or {}),
            },
            {
                "taskid": 10 + number,
                "componentid": "spout",
                "task->component": {
                    "1": "__acker",
                    **{str(10 + other): "spout" for other in range(tasks)},
                },
            },
            self,
        )
        self.spout.activate()

    # -- the outlet -------------------------------------------------------------------

    def emit(
        self,
        values: Sequence[Any],
        tup_id: Any,
        stream: str,
        anchors: Sequence[str],
        direct_task: int | None,
        need_task_ids: bool,
    ) -> None:
        fast_json.dumps(list(values))
        self.values.append((tup_id, list(values), stream))
        if tup_id is not None:
            self.emits[tup_id] += 1
            self.in_flight[tup_id] = list(values)
            self._new.append(tup_id)

    def emit_many(self, tuples: Sequence[list[Any]], tup_ids: Sequence[str] | None) -> bool:
        try:
            fast_json.dumps(tuples)
        except SerializationError:
            return False
        for values, tup_id in zip(tuples, tup_ids or [None] * len(tuples), strict=True):
            self.emit(values, tup_id, "default", (), None, False)
        return True

    def log(self, message: str, level: int) -> None:
        self.logs.append(message)

    def report_error(self, message: str) -> None:
        self.errors.append(message)

    # -- Storm ------------------------------------------------------------------------

    def turn(self, settle: Settle = ack_all) -> int:
        """One ``next``, and then what becomes of what was emitted; how many tuples that were."""
        begun = len(self.values)
        self._timed(self.spout.storm_next)
        new, self._new = self._new, []
        for id_ in new:
            verdict = settle(id_, self.in_flight[id_])
            if verdict is not None:
                (self.ack if verdict else self.fail)(id_)
        return len(self.values) - begun

    def ack(self, id_: str) -> None:
        del self.in_flight[id_]
        self._timed(self.spout.storm_acked, id_)

    def fail(self, id_: str) -> None:
        del self.in_flight[id_]
        self._timed(self.spout.storm_failed, id_)

    def deactivate(self) -> None:
        self._timed(self.spout.deactivate)

    def close(self) -> None:
        self.spout.close()

    def crash(self) -> None:
        """End as after SIGKILL: without a last commit."""
        intake = self.spout.engine._intake
        consumption = intake.consumption
        intake._stopping.set()
        intake._thread.join(WITHIN)
        if consumption is not None:
            consumption.abandon()

    def _timed(self, call: Callable[..., None], *args: Any) -> None:
        begin = time.thread_time()
        call(*args)
        self.slowest = max(self.slowest, time.thread_time() - begin)

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """(partition, offset) of what was emitted with an id, sorted, each once."""
        found = {tuple(map(int, id_.rsplit("/", 2)[1:])) for id_ in self.emits}
        return sorted(found)  # type: ignore[arg-type]  # pairs

    @property
    def numbers(self) -> list[Any]:
        """The first value of everything that was emitted, in order."""
        return [values[0] for _, values, _ in self.values]

    @property
    def partitions(self) -> list[tuple[str, int]]:
        """What it has now."""
        return sorted(self.spout.engine.tracks.by_key)


def drive(
    runs: Sequence[SpoutRun],
    until: Callable[[], bool],
    settle: Settle = ack_all,
    within: float = WITHIN,
) -> None:
    """Ask spouts for tuples in turn until something holds; fails if it does not in time."""
    deadline = time.monotonic() + within
    while not until():
        if not sum(run.turn(settle) for run in runs):
            time.sleep(0.002)
        if time.monotonic() >= deadline:
            told = [(len(run.values), run.partitions, run.errors, run.logs[-3:]) for run in runs]
            raise AssertionError(f"not within {within} s: {told}")


def committed(client: KafkaClient, topic: str, group: str) -> dict[int, int]:
    """Partition -> next offset that a group has committed to Kafka; -1 for none."""
    consumer = client.topics[topic].get_simple_consumer(consumer_group=group, auto_start=False)
    return {id_: answer.offset for id_, answer in consumer.fetch_offsets()}
