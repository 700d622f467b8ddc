"""What a consumer that reads only what was committed leaves out.

Records of a transaction are stored before it is known how it ends; a marker (a batch with one
control record) then tells. A broker that is asked with ``isolation_level`` 1 adds to a
partition's records the transactions in them that were aborted: producer and first offset.
(KIP-98; Kafka protocol guide, "Control Batch".)
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ...exceptions import MalformedDataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

__all__ = ["Aborted", "AbortedTransactions", "ends_transaction"]

#: ``(producer id, first offset)``
Aborted: TypeAlias = "tuple[int, int]"

_ABORT, _COMMIT = 0, 1
_version_and_type = struct.Struct(">hh").unpack_from


class AbortedTransactions:
    """Which producers' transactional batches are to be left out, as a reader goes through them.

    A transaction counts from the first offset that the broker names to the producer's next
    marker. Offsets must be given in ascending order.
    """

    __slots__ = ("_begun", "_later")

    def __init__(self, aborted: Iterable[Aborted]) -> None:
        self._later = sorted(aborted, key=lambda one: one[1], reverse=True)
        self._begun: set[int] = set()

    def reach(self, offset: int) -> None:
        """Everything up to ``offset`` is looked at next."""
        while self._later and self._later[-1][1] <= offset:
            self._begun.add(self._later.pop()[0])

    def has(self, producer_id: int) -> bool:
        """Whether the producer is in a transaction that was aborted."""
        return producer_id in self._begun

    def end(self, producer_id: int) -> None:
        """The producer's marker has come."""
        self._begun.discard(producer_id)


def ends_transaction(control_key: bytes | None) -> bool:
    """Whether a control record with this key is the marker at the end of a transaction.

    :raises MalformedDataError: the key is none of a control record.
    """
    if control_key is None or len(control_key) < 4:
        raise MalformedDataError("the key of a control record is cut off")
    return _version_and_type(control_key)[1] in {_ABORT, _COMMIT}
