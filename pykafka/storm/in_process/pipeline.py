"""A spout and bolts in a row, as in the talk that introduced Python on Storm."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from ...exceptions import UsageError
from ..components.bolt import Bolt
from ..components.component import Component
from ..components.tuples import Tuple
from ..exceptions import ComponentFailedError
from .engine import Engine, EngineOptions
from .plain import as_bolt, as_spout
from .plan import ComponentPlan, Plan, StreamPlan, Subscription
from .reading import label_of, streams_of
from .record import LogLine

__all__ = ["Pipeline", "wire"]

#: Log lines, errors and emits of each kind that a pipeline remembers: it may run for ever.
_KEEP = 1000
_END = "(end)"


def wire(spout: Any, bolts: Sequence[Any] = ()) -> Pipeline:
    """Wire a spout and bolts into a pipeline, which ``next`` moves on::

        topology = wire(spout=WordSpout, bolts=[WordCountBolt, DebugPrintBolt])
        next(topology)  # one tuple, through all bolts

    Each may be a class or an object, and either one of this package's components or anything
    with ``next_tuple()`` (the spout) and ``process(tup)`` (the bolts), which may return the
    tuple that goes on, or None. A bolt that is no component of this package gets the values,
    ``("dog",)``, and the others the :class:`~pykafka.storm.Tuple` that Storm would give them.

    :returns: the pipeline, started. It runs in real time; what components log goes to standard
        error. Streams without declared fields take any values.
    :raises UsageError: one of them is no spout or bolt; it is named.
    :raises ComponentFailedError: a component raised in ``initialize``.
    """
    return Pipeline(spout, bolts)


class Pipeline:
    """What :func:`wire` returns: an iterator over what comes out at its end.

    Not thread-safe. Used in a ``with``, it is closed at the end.

    :ivar engine: what runs it, to be asked what happened.
    """

    def __init__(self, spout: Any, bolts: Sequence[Any]) -> None:
        if not isinstance(bolts, (list, tuple)):
            raise UsageError(f"wire: bolts is a list of bolts, not {bolts!r}")
        parts = [_part("spout", spout, "next_tuple", as_spout)]
        for position, bolt in enumerate(bolts):
            part = _part(f"bolts[{position}]", bolt, "process", as_bolt)
            parts.append(_named_apart(part, parts)._replace(inputs=_all_of(parts[-1])))
        self._out: list[tuple[Any, ...]] = []
        self._over = False
        end = ComponentPlan(_END, self._make_end, _END, False, 1, {}, {}, _all_of(parts[-1]))
        self.engine = Engine(
            Plan("pipeline", (*parts, end), {}),
            EngineOptions(real_time=True, keep=_KEEP, on_log=_to_standard_error),
        )

    def _make_end(self) -> _End:
        return _End(self._out)

    def __iter__(self) -> Iterator[list[tuple[Any, ...]]]:
        return self

    def __next__(self) -> list[tuple[Any, ...]]:
        """Call ``next_tuple`` once, and every bolt with what follows from it.

        :returns: the tuples that came out of the last bolt (or of the spout, without bolts):
            none if the spout had nothing or a bolt let nothing through. A batch comes out of
            the call in which its time is over.
        :raises StopIteration: the spout raised it in ``next_tuple``, as ``next()`` of an
            iterator that is used up does. Before that, batches are processed and come out.
        :raises ComponentFailedError: a component raised something else.
        """
        if self._over:
            raise StopIteration
        del self._out[:]
        try:
            step = self.engine.step()
            while step is not None and step.kind != "next_tuple":
                step = self.engine.step()
            self.engine.settle()
        except ComponentFailedError as error:
            self._end_with(error)
            if not self._out:
                raise StopIteration from None
        return list(self._out)

    def run(self, *, time_limit: float | None = None) -> None:
        """Move on for ever; while the spout has nothing, ask it a thousand times a second.

        Ctrl-C ends it at once, and closes the components.

        :param time_limit: seconds after which it returns.
        :raises ComponentFailedError: a component raised. ``StopIteration`` of the spout is the
            end, without an error.
        """
        try:
            # What comes out goes nowhere, and must not pile up meanwhile.
            self.engine.run(self._emptied, time_limit=time_limit)
        except ComponentFailedError as error:
            self._end_with(error)
        except BaseException:
            self.close()
            raise
        del self._out[:]

    def close(self) -> None:
        """Close the components; idempotent."""
        self._over = True
        self.engine.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _emptied(self, engine: Engine) -> bool:
        del self._out[:]
        return False

    def _end_with(self, error: ComponentFailedError) -> None:
        if error.during == "next_tuple" and isinstance(error.__cause__, StopIteration):
            self.engine.flush()
            self.close()
        else:
            raise error


class _End(Bolt):
    """Keeps what comes out."""

    def __init__(self, out: list[tuple[Any, ...]]) -> None:
        super().__init__()
        self._out = out

    def process(self, tup: Tuple) -> None:
        self._out.append(tuple(tup.values))


def _part(
    place: str, given: Any, method: str, adapted: Callable[[Any], Component]
) -> ComponentPlan:
    """Plan a component that reads nothing yet.

    :param given: a class or an object.
    :param method: what makes it a spout or a bolt.
    """
    if not callable(getattr(given, method, None)):
        raise UsageError(
            f"wire: {place} is {given!r}, which has no {method}(): give a class or an object that "
            "has one"
        )
    is_class = isinstance(given, type)
    cls = given if is_class else type(given)
    is_component = issubclass(cls, Component)
    streams = streams_of(getattr(cls, "outputs", None) or ()) if is_component else {}
    return ComponentPlan(
        cls.__name__,
        lambda: adapted(given() if is_class else given),
        label_of(cls),
        method == "next_tuple",
        1,
        dict(cls.config or {}) if is_component else {},
        streams or {"default": StreamPlan(None)},
        (),
    )


def _named_apart(part: ComponentPlan, others: Sequence[ComponentPlan]) -> ComponentPlan:
    names = {other.name for other in others}
    name, number = part.name, 1
    while name in names:
        number += 1
        name = f"{part.name}-{number}"
    return part._replace(name=name)


def _all_of(source: ComponentPlan) -> tuple[Subscription, ...]:
    return tuple(
        Subscription(source.name, name, "direct" if stream.direct else "shuffle")
        for name, stream in source.streams.items()
    )


def _to_standard_error(line: LogLine) -> None:
    sys.stderr.write(f"{line}\n")
