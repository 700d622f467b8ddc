"""From what became of messages to acks and fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...exceptions import MessageSizeTooLarge
from ...options import Settings
from ..components.bolt import Bolt
from .complaints import Complaints

__all__ = ["Outcomes"]


class Outcomes:
    """Settles the tuples of a bolt, and reports what went wrong.

    :param settings: the bolt's.
    """

    def __init__(self, bolt: Bolt, settings: Settings) -> None:
        self._bolt = bolt
        self._forgets = settings.fire_and_forget
        self._drops = settings.on_bad_tuple == "drop"
        self._complain = Complaints(bolt.raise_exception, lambda text: bolt.log(text, "warn"))

    def delivered(self, ids: Iterable[Any]) -> None:
        """Brokers acknowledged the messages of these tuples."""
        if not self._forgets:
            ack = self._bolt.ack
            for tup_id in ids:
                ack(tup_id)

    def failed(self, ids: Sequence[Any], error: Exception) -> None:
        """These were not acknowledged, or not in time."""
        if len(ids) == 1 and isinstance(error, MessageSizeTooLarge):
            self.refused(ids[0], error)
        elif self._forgets:
            self._complain("lost, as they were acked before", error, count=len(ids))
        else:
            self._complain("not acknowledged", error, count=len(ids))
            for tup_id in ids:
                self._bolt.fail(tup_id)

    def refused(self, tup_id: Any, error: Exception, about: str = "") -> None:
        """This one can never be sent.

        :param about: the tuple, for who reads the report.
        """
        done = "dropped" if self._drops else "failed"
        self._complain(f"cannot be sent, and is {done}", error, about or f"tuple {tup_id}")
        if self._drops:
            self._bolt.ack(tup_id)
        else:
            self._bolt.fail(tup_id)

    def delayed(self, error: Exception) -> None:
        """Nothing can be sent yet; it is tried again."""
        self._complain("Kafka takes nothing yet", error)

    def close(self) -> None:
        """Report what was only counted."""
        self._complain.close()
