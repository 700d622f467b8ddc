"""Messages that were handed over, until it is known what became of each."""

from __future__ import annotations

from ..message import Message

__all__ = ["Outstanding"]


class _Piece:
    """Consecutive messages; those before ``start`` are settled."""

    __slots__ = ("first", "messages", "start")

    def __init__(self, first: int, messages: list[Message]) -> None:
        self.first = first
        self.messages = messages
        self.start = 0

    @property
    def at(self) -> int:
        return self.first + self.start

    @property
    def end(self) -> int:
        return self.first + len(self.messages)


class Outstanding:
    """Those of one lane, numbered in their order. Their outcomes come in that order, nearly."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._next = 0

    @property
    def next_number(self) -> int:
        """What the next message is numbered."""
        return self._next

    def add(self, messages: list[Message]) -> None:
        """More were handed over."""
        if messages:
            self._pieces.append(_Piece(self._next, messages))
            self._next += len(messages)

    def take(self, first: int, count: int) -> list[Message]:
        """Those with consecutive numbers, which are outstanding no more; those that never were,
        or are no more, are left out."""
        taken: list[Message] = []
        end = first + count
        for piece in [one for one in self._pieces if one.at < end and one.end > first]:
            taken += self._cut(piece, max(first, piece.at), min(end, piece.end))
        return taken

    def _cut(self, piece: _Piece, start: int, end: int) -> list[Message]:
        messages = piece.messages[start - piece.first : end - piece.first]
        if start == piece.at:
            piece.start = end - piece.first
            if end == piece.end:
                self._pieces.remove(piece)
        else:
            rest = _Piece(end, piece.messages[end - piece.first :])
            del piece.messages[start - piece.first :]
            if rest.messages:
                self._pieces.insert(self._pieces.index(piece) + 1, rest)
        return messages

    def take_all(self) -> list[Message]:
        """All that there are."""
        pieces, self._pieces = self._pieces, []
        return [message for piece in pieces for message in piece.messages[piece.start :]]
