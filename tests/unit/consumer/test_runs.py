"""A run is the same whether its rows are a list or lie in columns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka.core.cursor import Cursor
from pykafka.message import SharedFields
from pykafka.runtime.consumer.source import Row, Run
from pykafka.wire.records.scanning import RowColumns

KEY = ("topic", 0)
MakeRows: TypeAlias = Callable[[int], "list[Row] | RowColumns"]


def as_list(count: int) -> list[Row]:
    return [(10 + 2 * number, 5, None, b"%d" % number) for number in range(count)]


def as_columns(count: int) -> RowColumns:
    values: list[bytes | None] = [b"%d" % number for number in range(count)]
    return RowColumns(range(10, 10 + 2 * count, 2), 5, None, values)


def with_all_columns(count: int) -> RowColumns:
    rows = as_list(count)
    offsets, times, keys, values = (list(column) for column in zip(*rows, strict=True))
    return RowColumns(offsets, times, keys, values)  # type: ignore[arg-type]


kinds = pytest.mark.parametrize("make", [as_list, as_columns, with_all_columns])


@kinds
@given(steps=st.lists(st.integers(0, 7), max_size=6), cut=st.integers(0, 6))
def test_rows_are_taken_in_order_and_a_cut_leaves_the_rest(
    make: MakeRows, steps: list[int], cut: int
) -> None:
    count, end = 20, 77
    run = Run(KEY, make(count), SharedFields(), end)
    cursor = Cursor("topic", 0)
    expected = as_list(count)
    taken = 0
    for number, most in enumerate(steps):
        if number == cut:
            rest = run.cut()
            assert run.left() == 0
            assert next(run.rows, None) is None
            if taken:
                assert run.position(cursor)[0] == expected[taken - 1][0]
            assert (rest is None) == (taken == count)
            if rest is None:
                return
            run = rest
            expected, count, taken = expected[taken:], count - taken, 0
        rows, offset = run.take(most)
        assert rows == expected[taken : taken + most]
        taken += len(rows)
        assert run.left() == count - taken
        assert offset == (rows[-1][0] + 1 if rows and taken < count else end)
        if taken:
            after = end if taken == count else expected[taken - 1][0] + 1
            assert run.position(cursor) == (expected[taken - 1][0], after)


@kinds
def test_threads_share_rows_without_a_lock(make: MakeRows) -> None:
    count = 50_000
    run = Run(KEY, make(count), SharedFields(), 0)
    begin = threading.Barrier(4)
    found: list[list[Row]] = [[] for _ in range(4)]

    def work(mine: list[Row]) -> None:
        begin.wait(10)
        for row in run.rows:
            mine.append(row)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(row for mine in found for row in mine) == as_list(count)
    for mine in found:
        assert mine == sorted(mine)


@given(where=st.slices(12))
def test_columns_are_sliced_as_a_list_is(where: slice) -> None:
    assert as_columns(12)[where] == as_list(12)[where]
    assert list(with_all_columns(12)[where]) == as_list(12)[where]
    assert as_columns(12)[-1] == as_list(12)[-1]
    assert len(as_columns(12)[where]) == len(as_list(12)[where])
