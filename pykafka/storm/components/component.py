"""What spouts and bolts share."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from ...exceptions import UsageError
from .logs import level_number
from .outlet import Outlet

__all__ = ["Component", "check_values"]

#: What turns a call of a component's class into its place in a topology: ``Words(name="words",
#: out=["word"], p=2)`` within a :class:`~pykafka.storm.Topology`.
_PLACE = frozenset({"name", "out", "p", "from_", "group_on"})


class ComponentType(type):
    """The type of component classes: a call with a place's arguments describes one."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if options and not _PLACE.isdisjoint(options) and not args:
            from ..topology import short_form

            return short_form(cls, **options)
        return super().__call__(*args, **options)


class Component(metaclass=ComponentType):
    """Base class of spouts and bolts; not to be used itself.

    One object is one task, and is used by one thread. Only :meth:`log` and :attr:`logger` may be
    used by other threads too.

    :param input_stream: a binary (or text) stream to read from instead of the process' standard
        input; needs :meth:`fileno`.
    :param output_stream: the same for what is written.
    :param rdb_signal: name of the signal that starts a remote debugger (package ``remote_pdb``),
        or writes all threads' stacks to the log where that is not installed; None for neither.
    :param serializer: what messages are encoded by, see :func:`pykafka.storm.multilang.serializer`.

    :ivar topology_name: the topology's name.
    :ivar task_id: the number of this task in the topology.
    :ivar component_name: the component's name in the topology.
    :ivar debug: whether ``topology.debug`` is set.
    :ivar storm_conf: the topology's configuration, merged with the worker's.
    :ivar context: where the task stands in the topology, as Storm tells it.
    :ivar pid: the id of this process.
    :ivar logger: a logger whose records go to Storm's log, or to ``pystorm.log.path``.
    """

    #: Whether an exception ends the process (and so restarts the worker), or only fails the tuples
    #: that were being processed.
    exit_on_exception: ClassVar[bool] = True
    #: Names of the fields of the default stream, or a list of Streams.
    outputs: ClassVar[Sequence[Any] | None] = None
    #: How many tasks: a number, or one for each environment.
    par: ClassVar[int | Mapping[str, int]] = 1
    #: Storm settings of this component.
    config: ClassVar[Mapping[str, Any] | None] = None
    #: Seconds from whenever, which never go back. What runs the component may step it.
    storm_clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(
        self,
        input_stream: Any = None,
        output_stream: Any = None,
        rdb_signal: str | None = "SIGUSR1",
        serializer: str = "json",
    ) -> None:
        self.input_stream = input_stream
        self.output_stream = output_stream
        self.rdb_signal = rdb_signal
        self.serializer_name = serializer
        self.topology_name = ""
        self.task_id: int | str = ""
        self.component_name = ""
        self.debug = False
        self.storm_conf: dict[str, Any] = {}
        self.context: dict[str, Any] = {}
        self.pid = os.getpid()
        self.logger = logging.getLogger(f"pykafka.storm.component.{type(self).__name__}")
        self._outlet: Outlet = _NOWHERE
        self._metrics = False

    @classmethod
    def spec(cls, *_: Any, **__: Any) -> NoReturn:
        """Only spouts and bolts have a place in a topology.

        :raises TypeError: always.
        """
        raise TypeError(f"{cls.__name__}: only a Spout or a Bolt can be part of a topology")

    @classmethod
    def storm_problems(cls, conf: Mapping[str, Any]) -> Sequence[str]:
        """Why it could not start; asked before a topology is submitted.

        :param conf: the topology's configuration, and over it the component's.
        """
        return ()

    def storm_start(self, conf: dict[str, Any], context: dict[str, Any], outlet: Outlet) -> None:
        """Take the task\'s place; called once, by what runs the component (as is all that is called
        ``storm_...``; the other names are yours).

        :param conf: the topology's configuration.
        :param context: the task's place, as in Storm's handshake.
        :param outlet: where everything goes from now on.
        """
        task = context.get("taskid", "")
        name = context.get("componentid")
        if name is None:  # Storm before 0.10
            name = context.get("task->component", {}).get(str(task), "")
        self.storm_conf, self.context = conf, context
        self.task_id, self.component_name = task, name
        self.topology_name = conf.get("topology.name", "")
        self.debug = bool(conf.get("topology.debug", False))
        self.logger = logging.getLogger(f"pykafka.storm.component.{name}")
        self._metrics = bool(conf.get("pykafka.storm.metrics", False))
        self._outlet = outlet
        self._prepare()
        self.initialize(conf, context)

    def _prepare(self) -> None:
        """Make ready what depends on the task's place; before :meth:`initialize`."""

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        """Called once, before the first tuple: the place to connect to things.

        :param storm_conf: the topology's configuration, merged with the worker's.
        :param context: where the task stands in the topology: its number, inputs, outputs.
        """

    def close(self) -> None:
        """Called once at the end, when Storm says so (end of input, SIGTERM): at most a second or
        two are left. Not called when the process is killed, nor after an exception."""

    def log(self, message: Any, level: str | None = None) -> None:
        """Write to Storm's log, whatever level is configured there.

        :param level: trace, debug, info (without one), warn or error.
        """
        self._outlet.log(str(message), level_number(level))

    def report_metric(self, name: str, value: Any) -> None:
        """Report a figure: to the log.

        It goes to Storm's metrics only if ``pykafka.storm.metrics`` is true in the topology's
        configuration: Storm ends the worker unless Java code has registered a metric of that name.
        """
        if self._metrics:
            self._outlet.report_metric(name, value)
        else:
            self.log(f"metric {name}: {value}")

    def raise_exception(self, exception: BaseException, tup: Any = None) -> None:
        """Show an exception with the topology, as Storm's own are.

        :param tup: the tuple, or the tuples, that were being processed.
        """
        where = f" while processing {tup!r}" if tup else ""
        trace = "".join(traceback.format_exception(exception))
        self._outlet.report_error(f"Python {type(exception).__name__} raised{where}\n{trace}")

    @property
    def serializer(self) -> Component:
        """What a :class:`~pykafka.storm.StormHandler` sends through."""
        return self

    def send_message(self, message: dict[str, Any]) -> None:
        """Send a ``log`` or ``error`` command; everything else has a method of its own.

        :raises UsageError: it is another command.
        """
        command = message.get("command")
        if command == "log":
            self._outlet.log(str(message["msg"]), message.get("level", level_number("info")))
        elif command == "error":
            self._outlet.report_error(str(message["msg"]))
        else:
            raise UsageError(f"{command!r} is not sent this way: use emit(), ack() or fail()")

    def run(self) -> None:
        """Run as a task of Storm, over this process' standard streams; ends the process."""
        from ..worker import run_component

        run_component(self)

    def _report(self, error: Exception, tup: Any = None) -> None:
        """Tell Storm, and the log, of an exception of the user's code."""
        self.logger.debug(
            "%s of %s failed", type(self).__name__, self.component_name, exc_info=True
        )
        self.raise_exception(error, tup)


def check_values(values: Any) -> None:
    """Raise unless ``values`` may be a tuple's.

    :raises TypeError: it is neither a list nor a tuple.
    """
    if not isinstance(values, (list, tuple)):
        raise TypeError(
            f"a tuple to emit is a list or tuple of values, not {type(values).__name__}: {values!r}"
        )


class _Nowhere:
    """The outlet of a component that nothing runs yet."""

    def __getattr__(self, name: str) -> NoReturn:
        raise UsageError(
            f"{name}: nothing runs this component yet; it emits and logs from initialize() on"
        )


_NOWHERE: Any = _Nowhere()
