"""The same run every time, and the same promises in every run."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from storm.in_process.parts import numbers, topology

from pykafka.storm import Bolt
from pykafka.storm.in_process import Engine, EngineOptions, Step
from pykafka.storm.in_process.steps import Interleaved
from pykafka.storm.topology import Grouping


def relay(copies: int, fails: frozenset[int] = frozenset()) -> type[Bolt]:
    """A bolt that emits each number several times, and fails some."""

    class Copying(Bolt):
        outputs = ["number"]

        def process(self, tup: Any) -> None:
            for _ in range(copies):
                self.emit([tup.values.number])
            if tup.values.number in fails:
                self.fail(tup)

    return Copying


GROUPINGS = st.sampled_from(
    [
        Grouping.SHUFFLE,
        Grouping.ALL,
        Grouping.GLOBAL,
        Grouping.NONE,
        Grouping.LOCAL_OR_SHUFFLE,
        Grouping.fields("number"),
    ]
)


@st.composite
def topologies(draw: Any, failing: bool = False) -> Any:
    """Any topology without cycles: each bolt reads one or two components before it."""
    specs = {
        f"spout{position}": numbers(draw(st.integers(0, 4))).spec(par=draw(st.integers(1, 2)))
        for position in range(draw(st.integers(1, 2)))
    }
    for position in range(draw(st.integers(1, 3))):
        fails = draw(st.frozensets(st.integers(0, 5), max_size=2)) if failing else frozenset()
        sources = draw(
            st.lists(st.sampled_from(sorted(specs)), min_size=1, max_size=2, unique=True)
        )
        specs[f"bolt{position}"] = relay(draw(st.integers(0, 2)), fails).spec(
            inputs={source: draw(GROUPINGS) for source in sources}, par=draw(st.integers(1, 2))
        )
    pending = draw(st.none() | st.integers(1, 3))
    return topology({"topology.max.spout.pending": pending}, **specs)


OPTIONS = st.tuples(st.integers(0, 3), st.booleans()).map(
    lambda chosen: EngineOptions(seed=chosen[0], interleave=chosen[1])
)


def trace(tested: Any, options: EngineOptions) -> list[str]:
    """The steps of a run."""
    engine = Engine.of(tested, options=options)
    steps: list[str] = []
    engine.run(lambda engine: bool(steps.append(str(engine.step()))), max_steps=20_000)
    return steps


@given(topologies(failing=True), OPTIONS)
@settings(max_examples=40, deadline=None)
def test_the_same_seed_gives_the_same_run(tested: Any, options: EngineOptions) -> None:
    assert trace(tested, options) == trace(tested, options)


def test_another_seed_gives_another_run() -> None:
    tested = topology(
        source=numbers(6).spec(),
        bolt=relay(1).spec(inputs=["source"], par=3),
        sink=relay(0).spec(inputs=["bolt"], par=3),
    )
    plain = {tuple(trace(tested, EngineOptions(seed=seed))) for seed in range(4)}
    turns = {tuple(trace(tested, EngineOptions(seed, interleave=True))) for seed in range(4)}
    assert len(plain) > 1
    assert len(turns) == 4
    assert not plain & turns


@given(topologies(), OPTIONS)
@settings(max_examples=60, deadline=None)
def test_every_id_ends_acked_once_when_no_bolt_fails(tested: Any, options: EngineOptions) -> None:
    engine = Engine.of(tested, options=options)
    assert engine.run(max_steps=100_000) == "idle"
    for spec in tested.specs:
        if spec.is_spout:
            emitted = Counter(emission.message_id for emission in engine.emissions(spec.name))
            told = [each for task in engine.tasks(spec.name) for each in task.told]
            assert Counter(told) == {("ack", number): n for number, n in emitted.items()}
            assert engine.pending(spec.name) == []
        else:
            assert engine.held(spec.name) == 0


@given(topologies(failing=True), OPTIONS)
@settings(max_examples=60, deadline=None)
def test_every_id_ends_once_whatever_fails(tested: Any, options: EngineOptions) -> None:
    engine = Engine.of(tested, options=options)
    assert engine.run(max_steps=100_000) == "idle"
    for spec in tested.specs:
        if spec.is_spout:
            for task in engine.tasks(spec.name):
                assert len(task.told) == len({number for _, number in task.told})
            emitted = [emission.message_id for emission in engine.emissions(spec.name)]
            told = [number for task in engine.tasks(spec.name) for _, number in task.told]
            assert sorted(told) == sorted(emitted)
            assert engine.timed_out(spec.name) == []


def test_tasks_take_turns_by_chance_and_each_keeps_its_order() -> None:
    def taken(seed: int) -> list[tuple[int, int]]:
        queue = Interleaved(Random(seed))
        for number in range(30):
            queue.put(Step("process", "bolt", number % 3, number))
        steps = [queue.take() for _ in range(30)]
        assert len(queue) == 0
        return [(step.task, step.item) for step in steps]

    for seed in range(5):
        for task in range(3):
            assert [item for of, item in taken(seed) if of == task] == list(range(task, 30, 3))
    assert len({tuple(taken(seed)) for seed in range(5)}) == 5
