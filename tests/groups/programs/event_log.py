"""What the member programs in Python share: their settings, their events, the wish to end.

It stands alone: pykafka 2.8 runs it in an environment that has nothing of ours.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

__all__ = ["EventLog", "settings"]


def settings():
    """What the program was told, as JSON in its only argument."""
    return json.loads(sys.argv[1])


class EventLog:
    """Events of one member, a line of JSON each, in the file the moment that they happen.

    ``wanted`` is false once SIGTERM has asked the program to end.
    """

    def __init__(self, path, member):
        self.wanted = True
        self._member = member
        self._held = set()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        signal.signal(signal.SIGTERM, self._end)

    def _end(self, number, frame):
        self.wanted = False

    def write(self, event, **fields):
        """Append one event."""
        # CLOCK_MONOTONIC counts alike in all processes of a machine; Java's nanoTime is the same.
        fields = dict(fields, t=time.clock_gettime(time.CLOCK_MONOTONIC))
        fields.update(member=self._member, event=event)
        os.write(self._file, json.dumps(fields).encode() + b"\n")

    def partitions(self, event, partitions):
        """One event for each (topic, partition)."""
        for topic, partition in sorted(partitions):
            self.write(event, topic=topic, partition=partition)
            if event == "assigned":
                self._held.add((topic, partition))
            else:
                self._held.discard((topic, partition))

    def holds(self, partitions):
        """Tell from all that is held now what came and what went."""
        now = set(partitions)
        self.partitions("revoked", self._held - now)
        self.partitions("assigned", now - self._held)

    def delivered(self, topic, partition, offset, value):
        """A message has come out of the client."""
        text = None if value is None else value.decode("utf-8", "replace")
        self.write("delivered", topic=topic, partition=partition, offset=offset, value=text)

    def committed(self, offsets):
        """The client said that these are committed: (topic, partition, next offset) each."""
        for topic, partition, offset in offsets:
            self.write("committed", topic=topic, partition=partition, offset=offset)

    def run(self, work):
        """Call it; what it raises is an event, and ends the program with 1."""
        try:
            work()
        except Exception as error:
            self.write("error", value=f"{type(error).__name__}: {error}")
            raise
