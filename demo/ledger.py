"""The accounts of what went in and what came out, and their comparison."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

#: Irregularities that a partition remembers; the first ones say what went wrong.
_REMEMBERED = 3
#: Pieces that are hashed at a time.
_CHUNK = 1000


class Texts:
    """Texts, put together from their lines; keys name them.

    The lines of one text come in order, those of different texts as they like.
    """

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self._hashes: dict[bytes, Any] = {}

    def add(self, key: bytes, line: bytes) -> None:
        """Take the next line of a text in."""
        text = self._hashes.get(key)
        if text is None:
            text = self._hashes[key] = sha256()
        text.update(line + b"\n")
        self.count += 1
        self.bytes += len(line) + 1

    def digests(self) -> dict[bytes, str]:
        """The hash of each text up to now: of its file, if that ends with a line end."""
        return {key: text.hexdigest() for key, text in self._hashes.items()}

    def hexdigest(self) -> str:
        """The hash of all texts and their names."""
        return sha256(repr(sorted(self.digests().items())).encode()).hexdigest()


class Account:
    """One partition: its lines must have the offsets 0, 1, 2 and so on."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.count = 0
        self.irregular: list[str] = []
        self._hash = sha256()
        self._pieces: list[bytes] = []

    def add(self, offset: int, key: bytes, line: bytes) -> None:
        """Take one line in, with the offset that it has."""
        if offset != self.next_offset and len(self.irregular) < _REMEMBERED:
            self.irregular.append(f"offset {offset} where {self.next_offset} was due")
        self.next_offset = offset + 1
        self.count += 1
        self._pieces += (key, line)
        if len(self._pieces) >= _CHUNK:
            self._hash_pieces()

    def _hash_pieces(self) -> None:
        # Neither keys nor lines hold a line end, so that this has one meaning only.
        self._hash.update(b"".join([piece + b"\n" for piece in self._pieces]))
        self._pieces.clear()

    def hexdigest(self) -> str:
        """The hash of its keys and lines, in the order in which they came."""
        self._hash_pieces()
        return self._hash.hexdigest()


class Ledger:
    """The accounts of all partitions in one direction."""

    def __init__(self, partitions: Iterable[int]) -> None:
        self.accounts = {id_: Account() for id_ in sorted(partitions)}

    @property
    def count(self) -> int:
        """How many lines there are in all of them."""
        return sum(account.count for account in self.accounts.values())


def differences(
    source: Texts, sent: Ledger, stored: dict[int, int], received: Ledger, back: Texts
) -> list[str]:
    """What does not add up, in words; nothing if every line is accounted for.

    :param source: the text as it was read.
    :param sent: what was acknowledged, with the offsets that the brokers gave.
    :param stored: partition -> the offset that the brokers would give to the next line.
    :param received: what was consumed; ``back``: the texts that it makes.
    """
    found = []
    if sent.count != source.count:
        found.append(f"{source.count - sent.count} of {source.count} lines were not acknowledged")
    for id_, account in sent.accounts.items():
        other = received.accounts[id_]
        for direction, one in (("sent", account), ("received", other)):
            found += [f"partition {id_}, {direction}: {text}" for text in one.irregular]
        if stored.get(id_) != account.count:
            found.append(
                f"partition {id_}: {account.count} lines were acknowledged, the broker has"
                f" {stored.get(id_)}"
            )
        if other.count != account.count:
            found.append(
                f"partition {id_}: {account.count} lines were sent, {other.count} received"
            )
        elif other.hexdigest() != account.hexdigest():
            found.append(f"partition {id_}: what was received is not what was sent")
    texts, copies = source.digests(), back.digests()
    changed = [
        key.decode() for key in sorted({*texts, *copies}) if texts.get(key) != copies.get(key)
    ]
    if changed:
        found.append(f"{len(changed)} texts came back changed, the first of them {changed[0]}")
    return found
