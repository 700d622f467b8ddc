"""The counts that come back, and their comparison with those that were made without Storm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Words that a complaint names.
_NAMED = 3


class Totals:
    """The last count of each word.

    :ivar count: of all words together.
    :ivar messages: how many counts came.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.count = 0
        self.messages = 0

    def take(self, counts: Iterable[tuple[str, int]]) -> int:
        """Take counts up; how many there were."""
        before = self.messages
        for word, count in counts:
            self.count += count - self.counts.get(word, 0)
            self.counts[word] = count
            self.messages += 1
        return self.messages - before


def differences(
    expected: Mapping[str, int],
    totals: Totals,
    committed: Mapping[int, int],
    ends: Mapping[int, int],
) -> list[str]:
    """What does not add up, in words; nothing if all words were counted as they should.

    :param committed: partition -> the offset that the group goes on at.
    :param ends: partition -> the offset of the next message.
    """
    found = []
    wrong = [word for word in expected if totals.counts.get(word, 0) != expected[word]]
    if wrong:
        named = "; ".join(
            f"{word!r}: {totals.counts.get(word, 0)} and not {expected[word]}"
            for word in wrong[:_NAMED]
        )
        found.append(f"{len(wrong)} words have other counts than without Storm: {named}")
    strangers = sorted(set(totals.counts) - set(expected))
    if strangers:
        found.append(f"{len(strangers)} words are not in the text: {strangers[:_NAMED]}")
    found += [
        f"partition {id_}: {committed.get(id_, 0)} of {end} lines are committed"
        for id_, end in ends.items()
        if committed.get(id_, 0) != end
    ]
    return found
