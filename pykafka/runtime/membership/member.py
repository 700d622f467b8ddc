"""A member of a group: the thread on which it takes part in rebalances."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, Protocol

from ...core.membership import Owner
from ...core.partition_keys import PartitionKey
from ...core.retry import Backoff
from ...exceptions import (
    InvalidOffsetError,
    KafkaException,
    PartitionOwnedError,
    ProtocolClientError,
    RemoteError,
    UnknownTopicOrPartition,
    WaitTimedOutError,
)
from ...net.chance import chance
from ...wire.errors import error_info
from ..backend import Event
from ..client import ClientCore

__all__ = ["CallbackFailed", "Coordination", "Member", "MemberOptions"]

log = logging.getLogger("pykafka.balancedconsumer")

#: How long :meth:`Member.stop` waits for the thread to leave its group.
_LEAVE_S = 10.0
#: A lease that has run out is looked at again this often.
_LEASE_S = 0.2
#: How often an idle member looks whether its consumer is in use again.
_ACTIVITY_S = 0.1


class CallbackFailed(Exception):
    """A user's callback raised; its exception is the cause of this one."""


class Coordination(Protocol):
    """One way to share partitions with the other members of a group.

    All is called on the member's thread, but :meth:`interrupt`.

    :ivar lease_until: see :class:`pykafka.core.membership.Membership`.
    :ivar group: what the group is called.
    :ivar member_id: what this member is called in it.
    :ivar first_s: how long the first assignment may take.
    """

    lease_until: float
    group: str
    member_id: str
    generation: int
    first_s: float

    def begin(self, owner: Owner, news: Callable[[], None]) -> None:
        """Connect; ``news`` asks for a :meth:`turn`, from any thread."""

    def turn(self) -> float:
        """Do what is to be done; after so many seconds there may be more without news."""

    def retire(self) -> None:
        """Lose all partitions and leave; the next :meth:`turn` joins again. Raises no error."""

    def end(self) -> None:
        """Leave for good and disconnect, within a bound; no error is raised."""

    def interrupt(self) -> None:
        """Make what :meth:`turn` waits for end soon. Thread-safe."""

    def check_commit(self) -> None:
        """See :class:`pykafka.core.membership.Membership`."""


class MemberOptions(NamedTuple):
    """What the options say of any member.

    :ivar max_retries: failures in a row after which the user is told.
    :ivar backoff: between them.
    :ivar idle_s: how long the consumer may be out of use, ``None`` for ever.
    """

    max_retries: int
    backoff: Backoff
    idle_s: float | None


class Member:
    """Takes part in a group; see :class:`pykafka.core.membership.Membership`.

    The thread belongs to one stay in the group, from :meth:`start` to :meth:`stop`. It calls
    the owner, and so the user's callbacks; heartbeats are sent elsewhere.
    """

    def __init__(
        self, client: ClientCore, coordination: Coordination, options: MemberOptions
    ) -> None:
        self.coordination = coordination
        self.error: Exception | None = None
        self.epoch = 0
        self._client = client
        self._options = options
        self._stay: _Stay | None = None

    @property
    def lease_until(self) -> float:
        """See :class:`pykafka.core.membership.Membership`."""
        return self.coordination.lease_until

    @property
    def ended(self) -> bool:
        """Whether it was started and takes no part any more, for whatever reason."""
        return self._stay is not None and self._stay.ended

    def start(self, owner: Owner) -> None:
        if self._stay is not None and not self._stay.ended:
            raise WaitTimedOutError(
                f"the member of group {self.coordination.group!r} has not ended since it was"
                " stopped: does a callback hang?"
            )
        self.error = None
        self.epoch = 0
        stay = self._stay = _Stay(self, owner, self._client, self._options)
        stay.begin()
        bound_s = self.coordination.first_s
        if not stay.first.wait(bound_s):
            raise WaitTimedOutError(
                f"group {self.coordination.group!r} has not assigned this member its partitions"
                f" within {bound_s:g} s: is another member stuck?"
            )
        if stay.ended and self.error is not None:
            raise self.error

    def stop(self, within_s: float | None = None) -> None:
        if self._stay is not None:
            self._stay.end(_LEAVE_S if within_s is None else within_s)

    def abandon(self) -> None:
        if self._stay is not None:
            self._stay.end(0.0)

    def after_fork(self) -> None:
        self._stay = None

    def check_commit(self) -> None:
        self.coordination.check_commit()

    def settled(self, epoch: int, timeout_s: float) -> bool:
        return self._stay is not None and self._stay.settled(epoch, timeout_s)


class _Stay:
    """From a start to a stop: the thread, and what it and others wait for."""

    def __init__(
        self, member: Member, owner: Owner, client: ClientCore, options: MemberOptions
    ) -> None:
        self._member = member
        self._coordination = member.coordination
        self._owner = owner
        self._client = client
        self._backend = client.backend
        self._options = options
        self.first = client.backend.event()
        self._news = client.backend.event()
        self._stopping = self.ended = False
        self._waiters: list[Event] = []
        self._ident: int | None = None
        self._failures = 0
        self._leased = False
        self._last_activity: Any = None
        self._active_at = time.monotonic()
        self._retired = False

    def begin(self) -> None:
        name = f"member of {self._coordination.group}"
        self._thread = self._backend.spawn(self._run, name=name)
        self._client.loop.call_soon(self._watch_lease)

    def end(self, wait_s: float) -> None:
        """Leave; at most so long is waited for, and not on the thread itself."""
        if self.ended:
            return
        self._stopping = True
        self._news.set()
        self._coordination.interrupt()
        if wait_s and self._backend.current() != self._ident:
            self._thread.join(wait_s)

    def settled(self, epoch: int, timeout_s: float) -> bool:
        if self._backend.current() == self._ident:
            return False
        deadline = time.monotonic() + timeout_s
        while self._member.epoch <= epoch and not self.ended:
            waiter = self._backend.event()
            self._waiters.append(waiter)
            if self._member.epoch <= epoch and not self.ended:
                left = deadline - time.monotonic()
                if left <= 0 or not waiter.wait(left):
                    return False
        return self._member.epoch > epoch

    def _watch_lease(self) -> None:
        """On the loop; whoever consumes looks at the lease only when its run is used up."""
        if not self.ended:
            left_s = self._coordination.lease_until - self._client.loop.time()
            if left_s <= 0:
                self._owner.suspend()
                if self._leased:
                    self._news.set()  # to find out, and to tell the user, what is the matter
            self._leased = left_s > 0
            self._client.loop.call_later(max(left_s, _LEASE_S), self._watch_lease)

    # -- on the thread ----------------------------------------------------------------

    def _run(self) -> None:
        self._ident = self._backend.current()
        try:
            self._coordination.begin(self, self._news.set)
            while not self._stopping:
                self._news.clear()
                pause_s = self._turn()
                if not self._stopping:
                    self._news.wait(pause_s)
        except CallbackFailed as error:
            self._fail(error.__cause__ or error)
        except Exception as error:  # noqa: BLE001 - raised to the user at the next call
            self._fail(error)
        finally:
            self._coordination.end()
            self.ended = True
            self.first.set()
            self._wake_waiters()

    def _turn(self) -> float:
        try:
            if self._is_out_of_use():
                return self._rest()
            self._retired = False
            pause_s = self._coordination.turn()
        except RemoteError as error:
            if self._stopping:
                return 0.0
            return self._failed(error)
        self._failures = 0
        self._member.error = None
        self.first.set()
        return pause_s if self._options.idle_s is None else min(pause_s, self._options.idle_s / 4)

    def _failed(self, error: RemoteError) -> float:
        if isinstance(error, InvalidOffsetError) or not _may_pass(error):
            raise error
        self._failures += 1
        if isinstance(error, PartitionOwnedError):
            return self._wait_for_owner(error)
        # A coordinator that is just taking over says so, and how long the first assignment may
        # take has a bound of its own.
        says_so = isinstance(error, ProtocolClientError)
        arranging = says_so and not isinstance(error, UnknownTopicOrPartition)
        if self._failures > self._options.max_retries and (self.first.is_set() or not arranging):
            if not self.first.is_set():
                raise error
            self._tell(error)
        log.warning("member of group %r: %s; trying again", self._coordination.group, error)
        return self._options.backoff.wait_s(self._failures, chance())

    def _wait_for_owner(self, error: PartitionOwnedError) -> float:
        """The rest of the partitions is there; others give theirs up when they hear of it."""
        long = self._failures > self._options.max_retries
        log.log(logging.WARNING if long else logging.INFO, "%s", error)
        if long:
            self._tell(error)
            self.first.set()
        return self._options.backoff.wait_s(self._failures, chance())

    def _tell(self, error: Exception) -> None:
        self._member.error = error
        self._owner.ready()

    def _fail(self, error: BaseException) -> None:
        if not self._stopping:
            log.error("the member of group %r ends: %r", self._coordination.group, error)
        self._member.error = (
            error if isinstance(error, Exception) else KafkaException(f"it ended with {error!r}")
        )
        # Others get its partitions now: nothing more of them may be delivered here.
        self._coordination.retire()
        self._owner.ready()

    # -- use --------------------------------------------------------------------------

    def _is_out_of_use(self) -> bool:
        if self._options.idle_s is None:
            return False
        now, activity = time.monotonic(), self._owner.activity()
        if activity is None or activity != self._last_activity or not self.first.is_set():
            self._last_activity, self._active_at = activity, now
        return now - self._active_at > self._options.idle_s

    def _rest(self) -> float:
        if not self._retired:
            self._retired = True
            log.error(
                "member of group %r: no message was taken for max_poll_interval_ms=%d: its"
                " partitions go to others until consume() is called again",
                self._coordination.group,
                round((self._options.idle_s or 0) * 1000),
            )
            self._coordination.retire()
        return _ACTIVITY_S

    # -- Owner, with what waits for assignments ---------------------------------------

    def assigned(self, keys: Collection[PartitionKey], keep: bool = True) -> None:
        self._owner.assigned(keys, keep)
        self._member.epoch += 1
        self._wake_waiters()

    def will_revoke(self, keys: Collection[PartitionKey]) -> None:
        self._owner.will_revoke(keys)

    def lost(self, keys: Collection[PartitionKey]) -> None:
        self._owner.lost(keys)

    def activity(self) -> Any:
        return self._owner.activity()

    def ready(self) -> None:
        self._owner.ready()

    def suspend(self) -> None:
        self._owner.suspend()

    def _wake_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set()


def _may_pass(error: RemoteError) -> bool:
    if not isinstance(error, ProtocolClientError):
        return True
    info = error_info(error.error_code or 0)
    return info.retriable or info.rejoin or info.refresh_metadata
