"""Offsets that a leader's log does not hold (any more): where a consumer goes on instead."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

from ...core.effects import Procedure, Refresh, Sleep
from ...core.fetching import FetchState
from ...core.procedures.epochs import EpochEnd, Fetched, fetch_epoch_ends
from ...core.procedures.log_offsets import find_places
from ...core.retry import Backoff
from ...exceptions import (
    KafkaException,
    LogTruncatedError,
    OffsetOutOfRangeError,
    OffsetRequestFailedError,
    ProtocolClientError,
    RemoteError,
    UnsupportedVersion,
)
from ...net.chance import chance
from ...wire.errors import error_info
from ..client import ClientCore
from ..tasks import Task

__all__ = ["FetchingSide", "Repositioning"]

log = logging.getLogger("pykafka.simpleconsumer")


class FetchingSide(Protocol):
    """What a decision on a position is told to."""

    def states(self) -> Iterable[FetchState]:
        """All partitions that are fetched."""

    def is_current(self, state: FetchState, epoch: int) -> bool:
        """Whether the partition is still assigned, and was not moved since."""

    def moved(self, state: FetchState) -> None:
        """The state's fetch offset was moved: the consumer has to follow."""

    def stall(self, state: FetchState, error: KafkaException) -> None:
        """It cannot go on without its user."""

    def wake(self, state: FetchState) -> None:
        """It can be asked for (again)."""


class Repositioning:
    """Moves partitions by ``auto_offset_reset``; used on the loop only.

    :param policy: ``auto_offset_reset``; ``None`` stalls a partition instead.
    """

    def __init__(
        self,
        client: ClientCore,
        backoff: Backoff,
        policy: int | None,
        isolation_level: int,
        side: FetchingSide,
    ) -> None:
        self._client = client
        self._backoff = backoff
        self._policy = policy
        self._isolation_level = isolation_level
        self._side = side
        self._validating: set[int] = set()

    # -- offsets out of range ---------------------------------------------------------

    def out_of_range(self, state: FetchState) -> None:
        """The leader has no such offset."""
        topic, partition = state.key
        if self._policy is None:
            self._side.stall(
                state,
                OffsetOutOfRangeError(
                    f"{topic}/{partition} has no offset {state.fetch_offset} (any more) and"
                    " auto_offset_reset is None: move it with reset_offsets()"
                ),
            )
            return
        what = f"{topic}/{partition} has no offset {state.fetch_offset}"
        self._start_reset(state, self._policy, what)

    def _start_reset(self, state: FetchState, policy: int, what: str) -> None:
        state.stalled = True
        self._client.spawn(self._reset(state, state.epoch, policy, what))

    def _reset(self, state: FetchState, epoch: int, policy: int, what: str) -> Procedure[None]:
        found = None
        failures = 0
        while found is None:
            try:
                found = yield from find_places(
                    self._client,
                    {state.key: policy},
                    self._client.socket_timeout_s,
                    self._isolation_level,
                )
            except RemoteError as error:
                if not self._side.is_current(state, epoch):
                    return
                if not _passes(error):
                    self._side.stall(state, error)
                    return
                failures += 1
                log.warning("resetting %s/%s failed: %s; trying again", *state.key, error)
                yield Sleep(self._backoff.wait_s(failures, chance()))
        if not self._side.is_current(state, epoch):
            return
        offset = found[state.key].offset
        log.warning("%s; going on at %s by auto_offset_reset", what, offset)
        state.stalled = False
        self._move(state, offset)

    def _move(self, state: FetchState, offset: int) -> None:
        state.go_on_at(offset)
        self._side.moved(state)

    # -- logs that lost their end -----------------------------------------------------

    def validate(self) -> None:
        """Find out whether the logs of new leaders hold what was fetched before."""
        leaders = {at[0] for _, at in self._due()}
        for leader in leaders - self._validating:
            self._validating.add(leader)
            task = self._client.spawn(self._validate(leader))
            task.when_done(partial(self._validated, leader))

    def _validated(self, leader: int, _: Task) -> None:
        self._validating.discard(leader)

    def _due(self) -> Iterator[tuple[FetchState, tuple[int, int]]]:
        """Partitions to be validated, and their leaders (id, epoch)."""
        # Where only decoding can tell the next offset, that has to come first.
        for state in self._side.states():
            if state.to_validate and state.fetch_offset is not None and state.leader is not None:
                yield state, state.leader

    def _validate(self, leader: int) -> Procedure[None]:
        failures = 0
        while True:
            asked = {
                state.key: (state, state.epoch, at) for state, at in self._due() if at[0] == leader
            }
            if not asked:
                return
            if failures:
                yield Sleep(self._backoff.wait_s(failures, chance()))
                yield from self._refresh(sorted({topic for topic, _ in asked}))
            failures += 1
            fetched = {
                key: Fetched(state.history.latest, at[1]) for key, (state, _, at) in asked.items()
            }
            try:
                ends = yield from fetch_epoch_ends(leader, fetched, self._client.socket_timeout_s)
            except UnsupportedVersion:
                for state, _, _ in asked.values():
                    self._go_on(state)
            except RemoteError as error:
                log.warning("asking broker %s about its log failed: %s", leader, error)
            else:
                for key, end in ends.items():
                    state, epoch, at = asked[key]
                    if state.leader == at and self._side.is_current(state, epoch):
                        self._judge(state, end)

    def _refresh(self, topics: list[str]) -> Procedure[None]:
        try:
            yield Refresh(topics)
        except RemoteError as error:
            log.warning("refreshing metadata of %s failed: %s", ", ".join(topics), error)

    def _go_on(self, state: FetchState) -> None:
        state.to_validate = False
        self._side.wake(state)

    def _judge(self, state: FetchState, end: EpochEnd) -> None:
        assert state.fetch_offset is not None
        if end.error_code:
            info = error_info(end.error_code)
            if not (info.retriable or info.refresh_metadata):
                log.warning("cannot tell whether %s/%s lost its end: %s", *state.key, info.name)
                self._go_on(state)
        elif end.offset >= 0:
            parting = state.history.parting(end.offset, state.fetch_offset)
            if parting is None:
                self._go_on(state)
            else:
                self._truncated(state, parting)
        elif not state.history.is_unknown():
            self._truncated(state, None)

    def _truncated(self, state: FetchState, parting: int | None) -> None:
        topic, partition = state.key
        offset = state.fetch_offset
        where = "it cannot tell since where" if parting is None else f"from offset {parting} on"
        what = (
            f"{topic}/{partition}: the log of its new leader lacks messages that were read, {where}"
            f" (offset {offset} was next); unclean leader election?"
        )
        if self._policy is None:
            state.to_validate = False
            self._side.stall(
                state,
                LogTruncatedError(
                    f"{what} auto_offset_reset is None: move it with reset_offsets()",
                    topic=topic,
                    partition=partition,
                    offset=offset,
                    diverging_offset=parting,
                ),
            )
        elif parting is None:
            self._start_reset(state, self._policy, what)
        else:
            log.warning("%s; going on at %s, where it differs", what, parting)
            self._move(state, parting)


def _passes(error: RemoteError) -> bool:
    """Whether a failure may go by itself."""
    if isinstance(error, OffsetRequestFailedError):
        return False
    if not isinstance(error, ProtocolClientError):
        return True
    return error.error_code is not None and error_info(error.error_code).retriable
