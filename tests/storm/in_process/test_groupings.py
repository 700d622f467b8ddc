"""Which task gets a tuple."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storm.in_process.parts import Sink, Told, numbers, topology

from pykafka.storm import Bolt
from pykafka.storm.exceptions import ComponentFailedError, RefusedEmitError
from pykafka.storm.in_process import Engine, run_in_process
from pykafka.storm.in_process.groupings import chooser
from pykafka.storm.in_process.plan import Subscription
from pykafka.storm.topology import GlobalStreamId, Grouping, Stream

TASKS = range(10, 18)


def by_field(*names: str) -> Any:
    return chooser(
        Subscription("source", "default", "fields", names), "bolt", TASKS, ("a", "b"), Random(0)
    )


def spread(grouping: Grouping, count: int = 80, par: int = 8) -> list[list[int]]:
    """What each task of a bolt got of the numbers of one spout."""
    engine = run_in_process(
        topology(source=numbers(count).spec(), sink=Sink.spec(inputs={"source": grouping}, par=par))
    )
    return [task.seen for task in engine.tasks("sink")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


class TestFields:
    @given(JSON, JSON)
    def test_equal_values_go_to_the_same_task_and_it_is_one(self, first: Any, second: Any) -> None:
        choose = by_field("a")
        (task,) = choose([first, second])
        assert task in TASKS
        if first == second:
            assert choose([second, None]) == [task]
        assert by_field("a")([first, None]) == [task]

    def test_numbers_that_are_equal_are_the_same(self) -> None:
        for choose in (by_field("a"), by_field("b", "a")):
            assert choose([1, 0]) == choose([1.0, -0.0]) == choose([True, False])
            assert choose([{"x": 1, "y": [2.0]}, ""]) == choose([{"y": [2], "x": True}, ""])

    def test_only_the_named_fields_count(self) -> None:
        assert len({by_field("b")([number, "same"])[0] for number in range(50)}) == 1
        assert len({by_field("a")([number, "same"])[0] for number in range(50)}) > 4

    def test_is_the_same_in_every_process(self) -> None:
        """``hash("dog")`` is not."""
        script = (
            "from pykafka.storm.in_process.groupings import _by_fields as by;"
            "print([by([0], range(97))([word])[0] for word in ('dog', 'cat', ['x'], 2.5)])"
        )
        seen = {
            subprocess.run(
                [sys.executable, "-c", script],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
                timeout=60,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(seen) == 1

    @pytest.mark.parametrize("par", [2, 8])
    def test_keys_stay_with_their_task(self, par: int) -> None:
        class Keys(numbers(200)):  # type: ignore[misc]  # a class that is made at run time
            outputs = ["key", "number"]

            def next_tuple(self) -> None:
                number = next(self.left, None)
                if number is not None:
                    self.emit([number % 20, number])

        engine = run_in_process(
            topology(
                source=Keys.spec(par=2),
                sink=Sink.spec(inputs={"source": Grouping.fields("key")}, par=par),
            )
        )
        keys = [set(task.seen) for task in engine.tasks("sink")]
        assert sum(map(len, keys)) == 20
        assert sum(len(task.seen) for task in engine.tasks("sink")) == 400


def test_shuffle_deals_evenly_in_an_order_that_the_seed_decides() -> None:
    tested = topology(source=numbers(80).spec(), sink=Sink.spec(inputs=["source"], par=8))

    def dealt(seed: int) -> list[list[int]]:
        return [task.seen for task in run_in_process(tested, seed=seed).tasks("sink")]

    assert [len(seen) for seen in dealt(0)] == [10] * 8
    assert dealt(0) == dealt(0)
    assert dealt(0) != dealt(1)


@pytest.mark.parametrize("grouping", [Grouping.NONE, Grouping.LOCAL_OR_SHUFFLE])
def test_none_and_local_or_shuffle_deal_too(grouping: Grouping) -> None:
    assert [len(seen) for seen in spread(grouping)] == [10] * 8


def test_all_gives_each_task_a_copy() -> None:
    class Changing(Sink):
        def process(self, tup: Any) -> None:
            tup.values[0].append("mine")
            super().process(tup)

    class Lists(numbers(1)):  # type: ignore[misc]  # a class that is made at run time
        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                self.emit([[number]], tup_id=number)

    engine = run_in_process(
        topology(source=Lists.spec(), sink=Changing.spec(inputs={"source": Grouping.ALL}, par=3))
    )
    assert [task.seen for task in engine.tasks("sink")] == [[[0, "mine"]]] * 3
    assert engine.emitted("source") == [[[0]]]
    assert engine.acked("source") == [0]


def test_global_takes_the_task_with_the_lowest_number() -> None:
    first, *others = spread(Grouping.GLOBAL)
    assert first == list(range(80))
    assert not any(others)


def test_task_ids_are_told_where_asked_for() -> None:
    told: list[Any] = []

    class Source(numbers(4)):  # type: ignore[misc]  # a class that is made at run time
        def next_tuple(self) -> None:
            number = next(self.left, None)
            if number is not None:
                told.append(self.emit([number], need_task_ids=number % 2 == 0))

    engine = run_in_process(
        topology(
            source=Source.spec(),
            every=Sink.spec(inputs={"source": Grouping.ALL}, par=2),
            one=Sink.spec(inputs={"source": Grouping.GLOBAL}, par=2),
        )
    )
    both = sorted([*engine.task_ids("every"), engine.task_ids("one")[0]])
    assert [ids and sorted(ids) for ids in told] == [both, None, both, None]


class TestDirect:
    class Source(Told):
        outputs = [Stream(["number"], direct=True), Stream(["number"], name="open")]

    def engine(self) -> Engine:
        return Engine.of(
            topology(
                source=self.Source.spec(),
                sink=Sink.spec(inputs={"source": Grouping.DIRECT}, par=3),
                other=Sink.spec(inputs={GlobalStreamId("source", "open"): Grouping.SHUFFLE}),
            )
        )

    def test_reaches_the_task_that_is_named(self) -> None:
        engine = self.engine()
        second = engine.task_ids("sink")[1]
        ids = engine.task("source").emit([1], tup_id=1, direct_task=second, need_task_ids=True)
        assert ids == [second]
        engine.settle()
        assert [task.seen for task in engine.tasks("sink")] == [[], [1], []]
        assert engine.acked("source") == [1]

    def test_reaches_only_who_reads_it(self) -> None:
        engine = self.engine()
        other = engine.task_ids("other")[0]
        with pytest.raises(RefusedEmitError, match=rf"'source'.*to task {other}.*not read.*\["):
            engine.task("source").emit([1], direct_task=other)

    def test_needs_a_task(self) -> None:
        with pytest.raises(RefusedEmitError, match=r"'default' without a task.*direct_task"):
            self.engine().task("source").emit([1])

    def test_needs_a_direct_stream(self) -> None:
        engine = self.engine()
        with pytest.raises(RefusedEmitError, match=r"'open', which is not direct.*direct=True"):
            engine.task("source").emit([1], stream="open", direct_task=2)


class TestRefused:
    def engine(self, emitting: Any) -> None:
        class Emitting(Bolt):
            outputs = [Stream(["a", "b"]), Stream(["c"], name="named")]

            def process(self, tup: Any) -> None:
                emitting(self, tup)

        run_in_process(topology(source=numbers(1).spec(), bolt=Emitting.spec(inputs=["source"])))

    def refused(self, emitting: Any) -> str:
        with pytest.raises(ComponentFailedError) as caught:
            self.engine(emitting)
        assert isinstance(caught.value.__cause__, RefusedEmitError)
        return str(caught.value)

    def test_a_stream_that_is_not_declared(self) -> None:
        message = self.refused(lambda bolt, tup: bolt.emit([1], stream="other"))
        assert "bolt 'bolt'" in message
        assert "'other', which its outputs do not declare; declared: 'default', 'named'" in message

    @pytest.mark.parametrize("values", [[1], [1, 2, 3], []])
    def test_values_that_are_not_the_fields(self, values: list[int]) -> None:
        message = self.refused(lambda bolt, tup: bolt.emit(values))
        assert f"emitted {values} to stream 'default': {len(values)} for the fields ['a', 'b']" in (
            message
        )


def test_what_is_dealt_is_what_was_emitted() -> None:
    for grouping in (Grouping.SHUFFLE, Grouping.fields("number"), Grouping.GLOBAL, Grouping.NONE):
        seen = Counter(number for task in spread(grouping) for number in task)
        assert seen == Counter(range(80)), grouping
