"""Running a topology in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from .engine import Engine, EngineOptions
from .record import LogLine

__all__ = ["run_in_process"]


def run_in_process(  # noqa: PLR0913 - each is an option of a run, and has a default
    topology: Any,
    *,
    environment: str | None = None,
    config: Mapping[str, Any] | None = None,
    replace: Mapping[str, Any] | None = None,
    until: Callable[[Engine], bool] | None = None,
    max_steps: int | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    on_error: Literal["raise", "restart"] = "raise",
    interleave: bool = False,
    real_time: bool = False,
    keep: int | None = None,
    on_log: Callable[[LogLine], None] | None = None,
) -> Engine:
    """Run a topology in this process and thread, without Java, until it has nothing left to do.

    ::

        engine = run_in_process(WordCount, until=lambda engine: engine.now >= 5)
        assert engine.emitted("word_count")[-1] == ["dog", 1250]

    The same arguments give the same run, call by call. Values go through JSON as on Storm, and
    what Storm would refuse is refused. With a debugger, or to look between steps, use
    :meth:`Engine.of` and :meth:`Engine.step`.

    :param topology: a :class:`~pykafka.storm.Topology` class.
    :param environment: decides where a component's ``par`` goes by environments.
    :param config: Storm settings that go over the topology's own.
    :param replace: component name -> class that runs in its place: a stand-in for Java or
        another language, or a double for a test.
    :param until: see :meth:`Engine.run`, as for the two that follow. Spouts that never run out
        need one of the three.
    :param max_steps: number of steps after which the run ends.
    :param time_limit: seconds, of the machine's clock, after which the run ends.
    :param seed: decides on what is left to chance: shuffles, and turns with ``interleave``.
    :param on_error: ``"raise"`` what a component raises; or ``"restart"`` all components as
        Storm does: what is under way is then neither acked nor failed.
    :param interleave: let tasks take turns by chance, as on a cluster; without it all that
        follows from a tuple is done before the next tuple.
    :param real_time: go by the machine's clock instead of stepped time, for spouts that wait
        for the outside (Kafka) and for looking on; without spouts ever running out.
    :param keep: how many emits, ids, log lines and errors of each kind the engine remembers,
        the latest; None for all.
    :param on_log: called with each line that a component logs.
    :returns: the engine, to be asked what happened and to go on; close it if the components
        hold something open.
    :raises TopologyError: a component cannot run here; all of them are named.
    :raises ComponentFailedError: a component raised; the exception is its ``__cause__``. As with
        every other exception, Ctrl-C included, the engine has been closed.
    """
    options = EngineOptions(seed, on_error, interleave, real_time, keep, on_log)
    engine = Engine.of(
        topology, environment=environment, config=config, replace=replace, options=options
    )
    try:
        engine.run(until, max_steps=max_steps, time_limit=time_limit)
    except BaseException:
        engine.close()
        raise
    return engine
