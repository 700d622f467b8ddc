"""What the commands that account for tuples say in the end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass
class Account:
    """What the books say.

    :ivar trouble: what is not as it must be, in words.
    """

    rows: list[tuple[str, int, str]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def row(self, name: str, count: int, note: str = "") -> None:
        self.rows.append((name, count, note))

    def must_be_none(self, name: str, found: Collection[object]) -> None:
        """A row whose count has to be 0."""
        self.row(name, len(found))
        if found:
            few = ", ".join(str(each) for each in list(found)[:5])
            self.trouble.append(f"{name}: {len(found):,} ({few}{' ...' if len(found) > 5 else ''})")

    def must_be_some(self, name: str, count: int, note: str = "") -> None:
        """A row without whose count nothing is shown."""
        self.row(name, count, note)
        if not count:
            self.trouble.append(f"{name}: none")

    def text(self) -> str:
        """The rows as a table."""
        lines = [f"{name:42} {count:>12,}  {note}".rstrip() for name, count, note in self.rows]
        return "\n".join(lines)

    def print(self, bad: str) -> None:
        """Print the table, and what is wrong.

        :param bad: the last line if something is.
        """
        print(f"\n{self.text()}\n")
        for trouble in self.trouble:
            print(trouble)
        print(bad if self.trouble else "everything is accounted for")
