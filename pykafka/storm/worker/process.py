"""From Storm's handshake to the process' end."""

from __future__ import annotations

import faulthandler
import functools
import importlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from ...exceptions import UsageError
from ..components.bolt import Bolt
from ..components.component import Component
from ..components.spout import Spout
from ..exceptions import StormWentAwayError
from ..multilang import serializer as serializer_named
from ..multilang.serializers import ProtocolError
from .bolt_loop import BoltLoop
from .descriptors import StandardStreams
from .logs import set_up_logging
from .outlet import PipeOutlet
from .pipe import Pipe
from .spout_loop import SpoutLoop

__all__ = ["main", "run_component"]

_FAILED = 1
#: As pystorm's components end when Storm closed their standard input.
_WENT_AWAY = 2
_TERMINATED = 128 + signal.SIGTERM
#: Seconds for Storm to say something to a component that could not start: what is written to a
#: process that is gone already fails before its last words are read.
_LAST_WORDS = 5.0
#: Seconds for which a thread may keep others from computing; Python's own are ten times as long.
_SWITCH = 0.0005
#: Part of the time that Storm gives a component to say something, after which its stacks are shown.
_SUSPICIOUS = 0.8

log = logging.getLogger("pykafka.storm.worker")


class _TerminatedError(BaseException):
    """SIGTERM arrived."""


def main(target: str, serializer: str = "json") -> NoReturn:
    """Run a component as a task of Storm, over the standard streams; ends the process.

    Storm's handshake is answered before the class is imported.

    :param target: ``package.module.Class``, found from the working directory on.
    :param serializer: what messages are encoded by.
    """
    _Process(functools.partial(_make, target), serializer).run()


def run_component(component: Component) -> NoReturn:
    """Run a component that is there already; ends the process."""
    _Process(
        lambda: component,
        component.serializer_name,
        component.input_stream,
        component.output_stream,
    ).run()


def _make(target: str) -> Component:
    """An object of the class of that name.

    :raises UsageError: it is no spout or bolt.
    :raises ImportError: there is no such module.
    :raises AttributeError: the module has no such class.
    """
    here = Path.cwd()
    # Storm up to 1.0.2 started components one folder above their code.
    sys.path[:0] = [str(folder) for folder in (here, here / "resources") if folder.is_dir()]
    module, _, name = target.rpartition(".")
    if not module:
        raise UsageError(f"{target!r}: expected package.module.Class")
    found = getattr(importlib.import_module(module), name)
    if not (isinstance(found, type) and issubclass(found, (Spout, Bolt))):
        raise UsageError(f"{target} is no spout or bolt of pykafka.storm, but {found!r}")
    made: Component = found()
    return made


class _Process:
    """One component, from the handshake to the end."""

    def __init__(
        self,
        make: Callable[[], Component],
        serializer: str,
        incoming: Any = None,
        outgoing: Any = None,
    ) -> None:
        self._make = make
        self._encoding = serializer_named(serializer)
        self._streams: StandardStreams | None = None
        if incoming is None and outgoing is None:
            self._streams = StandardStreams(self._watch)
            descriptors = (self._streams.input, self._streams.output)
        else:
            descriptors = ((incoming or sys.stdin).fileno(), (outgoing or sys.stdout).fileno())
        self._pipe = Pipe(*descriptors, self._encoding)
        self._outlet = PipeOutlet(self._pipe, self._encoding)
        self._loop: SpoutLoop | BoltLoop | None = None
        self._waiting = False
        self._watched = 0.0
        self._patience = float("inf")

    def run(self) -> NoReturn:
        """Run to the end, and end the process."""
        status = _FAILED
        # Threads that do I/O (a Kafka client's, say) must not keep this one from answering Storm.
        sys.setswitchinterval(_SWITCH)
        try:
            self._handle_signals()
            status = self._serve()
        except StormWentAwayError as error:
            log.info("%s", error)
            status = _WENT_AWAY
        except _TerminatedError:
            status = _TERMINATED
        except ProtocolError as error:
            sys.stderr.write(f"pykafka.storm: {error}\n")
        except Exception:  # noqa: BLE001 - shown before the way to show it is closed
            traceback.print_exc()
        finally:
            self._end(status)

    def _serve(self) -> int:
        conf, context = self._handshake()
        try:
            component = self._make()
            name = context.get("componentid", type(component).__name__)
            set_up_logging(component, conf, name, context.get("taskid", ""))
            _handle_debug_signal(component.rdb_signal, self._streams)
            component.storm_start(conf, context, self._outlet)
            self._outlet.flush()
        except Exception:  # noqa: BLE001 - whatever it is, Storm has to be told before the end
            self._could_not_start()
            return _FAILED
        try:
            self._loop = (
                SpoutLoop(component, self._pipe, self._outlet)
                if isinstance(component, Spout)
                else BoltLoop(_bolt(component), self._pipe, self._outlet)
            )
            self._loop.run()
        except (StormWentAwayError, _TerminatedError):
            component.close()
            raise
        except ProtocolError:
            raise
        except Exception:  # noqa: BLE001 - the user's; reported to Storm already
            traceback.print_exc()
            self._outlet.flush()
        return _FAILED

    def _handshake(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read Storm's first message and answer it.

        :raises ProtocolError: it is no handshake.
        """
        message, *more = self._pipe.read()
        self._pipe.give_back(more)
        try:
            folder, conf, context = message["pidDir"], message["conf"], message["context"]
        except (KeyError, TypeError) as error:
            raise ProtocolError(f"not Storm's handshake: {str(message)[:200]}") from error
        pid = os.getpid()
        Path(folder, str(pid)).touch()
        self._outlet.started(pid)
        self._outlet.flush()
        seconds = conf.get("topology.subprocess.timeout.secs") or conf.get(
            "supervisor.worker.timeout.secs"
        )
        if seconds:
            self._patience = seconds * _SUSPICIOUS
        return conf, context

    def _could_not_start(self) -> None:
        text = traceback.format_exc()
        sys.stderr.write(text)
        self._outlet.report_error(f"The component could not start\n{text}")
        self._outlet.flush()
        self._pipe.readable(_LAST_WORDS)

    def _handle_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _watch(self) -> None:
        """Show where a component is that Storm is about to give up. Runs beside it."""
        busy = self._loop.busy_since if self._loop is not None else 0.0
        if busy and busy != self._watched and time.monotonic() - busy > self._patience:
            self._watched = busy
            assert self._streams is not None
            os.write(
                self._streams.error,
                f"pykafka.storm: nothing returned for {self._patience:.0f} s; Storm soon ends the"
                " worker. Where each thread is:\n".encode(),
            )
            faulthandler.dump_traceback(self._streams.error)

    def _end(self, status: int) -> NoReturn:
        logging.shutdown()
        if self._streams is not None:
            self._streams.close()
        # Threads of the user's that are no daemons would keep the process.
        others = [t for t in threading.enumerate() if not t.daemon]
        if len(others) > 1:
            os._exit(status)
        sys.exit(status)


def _bolt(component: Component) -> Bolt:
    if not isinstance(component, Bolt):
        raise UsageError(f"{component!r} is neither a spout nor a bolt")
    return component


def _terminate(*_: object) -> NoReturn:
    # Once: the second would interrupt what the first began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _TerminatedError


def _handle_debug_signal(name: str | None, streams: StandardStreams | None) -> None:
    """Make a signal open a remote debugger, or show all stacks where there is none."""
    number = getattr(signal, name, None) if name else None
    if number is None or threading.current_thread() is not threading.main_thread():
        return
    try:
        from remote_pdb import RemotePdb
    except ImportError:
        faulthandler.register(number, streams.error if streams else sys.stderr)
        return

    def debug(_: int, frame: Any) -> None:
        RemotePdb(host="127.0.0.1", port=0).set_trace(frame=frame)

    signal.signal(number, debug)
