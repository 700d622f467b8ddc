"""Messages that are rejected, or have failed once too often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ...client import KafkaClient
from ...exceptions import KafkaException
from ...message import SharedFields
from ...options import Settings
from ...runtime.consumer.source import Row
from .dead_letters import DeadLetters, Letter
from .decoding import message_of
from .host import Host, Mail
from .place import Place
from .tracker import Track, Tracker

__all__ = ["GivenUp", "GivingUp"]

#: Seconds after which a letter that could not be written is written again.
_AGAIN_S = 1.0
#: So many are written to the log one by one between two reports.
_TOLD = 10


class GivenUp(NamedTuple):
    """A message that is given up."""

    id: str
    row: Row
    shared: SharedFields
    reason: str


class GivingUp:
    """Tells of them, calls back, writes dead letters; then they are done.

    :ivar keeps: whether a message is pending until its letter is written.
    """

    def __init__(
        self,
        settings: Settings,
        place: Place,
        host: Host,
        tracker: Tracker,
        client: Callable[[], KafkaClient | None],
        mail: Mail,
        clock: Callable[[], float],
    ) -> None:
        self._place = place
        self._host = host
        self._tracker = tracker
        self._mail = mail
        self._clock = clock
        self._call_back = settings.on_give_up
        self._letters: DeadLetters | None = None
        if settings.dead_letter_topic is not None:
            self._letters = DeadLetters(client, settings.dead_letter_topic, self._written)
        self.keeps = self._letters is not None and settings.guarantee == "at_least_once"
        #: Those whose letter could not be written. All else is done for them already.
        self._unwritten: set[str] = set()
        self._told = 0

    def __call__(self, track: Track, lost: GivenUp) -> None:
        """Give a message up, or try its letter again."""
        if lost.id in self._unwritten:
            self._unwritten.discard(lost.id)
            self._write(track, lost)
            return
        track.given_up += 1
        self._tell(lost)
        if self._call_back is not None:
            try:
                self._call_back(message_of(lost.row, lost.shared), lost.reason)
            except Exception as error:  # noqa: BLE001 - the user's code; no message ends the worker
                self._host.show(f"on_give_up raised for {lost.id}: {error!r}")
        if self._letters is None:
            self._tracker.finish(lost.id)
        else:
            self._write(track, lost)

    def _write(self, track: Track, lost: GivenUp) -> None:
        assert self._letters is not None
        track.reasons[lost.id] = lost.reason
        told = {
            "reason": lost.reason,
            "topic": track.key[0],
            "partition": str(track.key[1]),
            "offset": str(lost.row[0]),
            "timestamp": str(lost.row[1]),
            "tries": str(self._tracker.tries(lost.id)),
            "topology": self._place.topology,
            "component": self._place.component,
        }
        self._letters.send(Letter(lost.id, message_of(lost.row, lost.shared), told))

    def stop(self) -> None:
        """Write no more letters; nothing is waited for. What is not written comes again."""
        if self._letters is not None:
            self._letters.stop()

    def between_reports(self) -> None:
        """From now on the next ones are told one by one again."""
        if self._told > _TOLD:
            self._host.tell(f"{self._told - _TOLD} more messages were given up", "warn")
        self._told = 0

    def _tell(self, lost: GivenUp) -> None:
        self._told += 1
        if self._told <= _TOLD:
            self._host.tell(f"{lost.id} is given up: {lost.reason}", "warn")

    def _written(self, id_: str, error: KafkaException | None) -> None:
        """On the letters' thread."""
        self._mail(partial(self._settled, id_, error))

    def _settled(self, id_: str, error: KafkaException | None) -> None:
        track = self._tracker.pending.get(id_)
        if error is None:
            if track is not None:
                track.reasons.pop(id_, None)
            self._tracker.finish(id_)
        elif track is not None:
            self._host.show(f"the dead letter of {id_} is not written: {error}; trying again")
            self._unwritten.add(id_)
            self._tracker.postpone(id_, self._clock() + _AGAIN_S)
        else:
            self._host.show(f"the dead letter of {id_} is not written: {error}")
