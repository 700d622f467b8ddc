"""The single things that the engine does, and the order in which it does them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import Any, NamedTuple, Protocol

__all__ = ["Interleaved", "OneByOne", "Queue", "Step"]


class Step(NamedTuple):
    """One call of one component.

    :ivar kind: ``"next_tuple"``, ``"process"``, ``"tick"``, ``"batch"`` (one by time is due),
        ``"ack"`` or ``"fail"`` (a spout is told).
    :ivar task: number of the task whose component is called.
    :ivar item: the ``Tuple``, or the spout's id; None for ``next_tuple`` and ``batch``.
    """

    kind: str
    component: str
    task: int
    item: Any = None

    def __str__(self) -> str:
        text = f"{self.component}[{self.task}] {self.kind}"
        return text if self.item is None else f"{text} {self.item!r}"


class Queue(Protocol):
    """Steps that wait; what one task gets keeps its order."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Step]: ...

    def put(self, step: Step) -> None:
        """Let a step wait."""

    def take(self) -> Step:
        """Take the step that comes next."""

    def turn_of_spouts(self, spouts: int) -> bool:
        """Tell whether one of so many spouts is asked before the next step is taken."""

    def clear(self) -> None:
        """Forget all steps."""


class OneByOne:
    """First come, first served: all that follows from a tuple, then the next tuple."""

    def __init__(self) -> None:
        steps: deque[Step] = deque()
        self._steps = steps
        self.put = steps.append
        self.take = steps.popleft
        self.clear = steps.clear

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def turn_of_spouts(self, spouts: int) -> bool:
        """Only when nothing waits."""
        return not self._steps


class Interleaved:
    """Tasks take turns by chance, as on a cluster where each runs by itself."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._inboxes: dict[int, deque[Step]] = defaultdict(deque)
        self._waiting: list[int] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Step]:
        return chain.from_iterable(self._inboxes.values())

    def put(self, step: Step) -> None:
        """Let a step wait."""
        self._inboxes[step.task].append(step)
        self._waiting.append(step.task)

    def take(self) -> Step:
        """Take the first step of a task that is drawn."""
        drawn = self._random.randrange(len(self._waiting))
        task = self._waiting[drawn]
        self._waiting[drawn] = self._waiting[-1]
        self._waiting.pop()
        return self._inboxes[task].popleft()

    def turn_of_spouts(self, spouts: int) -> bool:
        """As likely as any other task."""
        return self._random.randrange(len(self._waiting) + spouts) < spouts if spouts else False

    def clear(self) -> None:
        """Forget all steps."""
        self._inboxes.clear()
        self._waiting.clear()
