"""A group of members: started together, read together, ended together."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from groups.events import Event, Place
from groups.judge import Trouble
from groups.kinds import Options
from groups.members import STOP_WITHIN, Member

from pykafka.embedded.waiting import wait_until
from pykafka.exceptions import ServiceStartError

__all__ = ["GroupRun"]


class GroupRun:
    """The members of one group. A context manager, whose end leaves no process.

    :param options: what all members are told, unless :meth:`start` says otherwise.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.members: list[Member] = []
        self._more: list[Trouble] = []
        self._ends = ExitStack()
        self._folder = Path(
            self._ends.enter_context(tempfile.TemporaryDirectory(prefix="pykafka-group-"))
        )

    def start(self, kind: str, name: str | None = None, **changes: Any) -> Member:
        """Start one more member; returns at once.

        :param changes: what it is told otherwise.
        """
        name = name or f"{kind}-{len(self.members)}"
        options = dataclasses.replace(self.options, **changes)
        member = Member(kind, name, options, self._folder)
        self._ends.enter_context(member)
        self.members.append(member)
        return member

    def trouble(self, trouble: Trouble) -> None:
        """Note what was done by other means than a member's own."""
        self._more.append(trouble)

    @property
    def troubles(self) -> list[Trouble]:
        """All that was done to members."""
        return [*self._more, *(t for member in self.members for t in member.troubles)]

    @property
    def running(self) -> list[Member]:
        """Those whose processes exist, paused ones too."""
        return [member for member in self.members if member.running]

    def events(self) -> list[Event]:
        """What all members have told, in order of time."""
        events = [event for member in self.members for event in member.events()]
        events.sort(key=lambda event: event.t)
        return events

    def delivered(self) -> dict[Place, set[int]]:
        """The offsets that have come out of each partition."""
        found: dict[Place, set[int]] = {}
        for member in self.members:
            for event in member.events():
                if event.event == "delivered" and event.offset is not None:
                    found.setdefault(event.place, set()).add(event.offset)
        return found

    def await_held(self, partitions: Iterable[Place], within: float) -> None:
        """Return when running members hold all of the partitions, each one of them, no two the
        same, by their own words."""
        wanted = sorted(partitions)

        def settled() -> bool:
            self.check_alive()
            held = [member.holds() for member in self.running]
            return sorted(place for places in held for place in places) == wanted and all(held)

        self.wait(settled, within, "each partition held by one member, and each member with some")

    def await_delivered(self, produced: Callable[[], dict[Place, int]], within: float) -> None:
        """Return when each partition has delivered all offsets below its end."""

        def complete() -> bool:
            self.check_alive()
            found = self.delivered()
            return all(
                found.get(place, set()) >= set(range(end)) for place, end in produced().items()
            )

        self.wait(complete, within, "everything delivered")

    def check_alive(self) -> None:
        """:raises ServiceStartError: a member has ended that nobody ended."""
        for member in self.members:
            if member.died:
                raise ServiceStartError(f"{member.name} has ended:\n{member.log_tail()}")

    def wait(self, condition: Callable[[], bool], within: float, what: str) -> None:
        """Wait, and on failure tell what each member held."""
        try:
            wait_until(condition, within, what)
        except Exception as error:
            raise type(error)(f"{error}\n{self.state()}") from error

    def state(self) -> str:
        """A line for each member."""
        lines = []
        for member in self.members:
            held = ", ".join(f"{topic}:{id_}" for topic, id_ in sorted(member.holds()))
            state = "paused" if member.paused else "running" if member.running else "ended"
            last = member.events()[-1:] or "nothing"
            lines.append(f"  {member.name} ({state}) holds {held or 'nothing'}; last said {last}")
        return "\n".join(lines)

    def stop(self, within: float = STOP_WITHIN) -> None:
        """End all members in order, at the same time.

        :raises ServiceStartError: one did not end in order.
        """
        running = self.running
        if running:
            with ThreadPoolExecutor(len(running)) as pool:
                list(pool.map(lambda member: member.stop(within), running))

    def __enter__(self) -> GroupRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.close()
