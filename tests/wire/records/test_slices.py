"""Bytes objects cut out at places in columns, in both ways."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykafka import native
from pykafka.native import Native
from pykafka.wire.records.slices import cut

DATA = bytes(range(256)) * 4
PLACES = st.none() | st.tuples(st.integers(0, len(DATA)), st.integers(0, 300))


@pytest.fixture(scope="module")
def built(missing: Callable[[str], None]) -> Native:
    found = native.native()
    if isinstance(found, str):
        missing(found)
    assert isinstance(found, Native)
    return found


@pytest.fixture(scope="module", params=["in C", "by the interpreter"])
def extension(request: pytest.FixtureRequest, built: Native) -> Native:
    """The extension module, and what it is where objects have no addresses."""
    in_c = sys.implementation.name == "cpython"
    assert hasattr(built.lib, "pykafka_slices") == in_c
    if request.param == "in C":
        return built
    return built._replace(lib=SimpleNamespace())


def columns(extension: Native, places: list[tuple[int, int] | None]) -> tuple[Any, Any]:
    begins = [-1 if place is None else place[0] for place in places]
    ends = [-1 if place is None else min(sum(place), len(DATA)) for place in places]
    return extension.ffi.new("int64_t[]", begins), extension.ffi.new("int64_t[]", ends)


@given(st.lists(PLACES, max_size=50))
def test_each_is_what_stands_there(extension: Native, places: list[tuple[int, int] | None]) -> None:
    begins, ends = columns(extension, places)
    expected = [None if place is None else DATA[place[0] :][: place[1]] for place in places]
    assert cut(extension, DATA, begins, ends, len(places)) == expected


def test_nothing_is_cut_out_of_nothing(extension: Native) -> None:
    nothing = extension.ffi.buffer(extension.ffi.cast("char *", 0), 0)
    begins, ends = columns(extension, [None, None])
    assert cut(extension, nothing, begins, ends, 2) == [None, None]


def test_what_is_cut_belongs_to_the_list_alone(extension: Native) -> None:
    gc.collect()
    begins, ends = columns(extension, [(number, 99) for number in range(500)])
    for _ in range(3):  # what the first rounds leave in caches is not counted
        before = sys.getallocatedblocks()
        slices = cut(extension, DATA, begins, ends, 500)
        # A list, and a loop's variable: an owner too many would show.
        assert sys.getrefcount(slices[7]) == sys.getrefcount(object()) + 1
        assert sys.getrefcount(slices) == 2
        del slices
    assert abs(sys.getallocatedblocks() - before) < 100


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="cut out by the interpreter")
def test_that_memory_is_short_is_said(built: Native) -> None:
    begins, ends = built.ffi.new("int64_t[]", [0, 0]), built.ffi.new("int64_t[]", [5, 2**62])
    with pytest.raises(MemoryError, match="no memory for 1 of 2 keys or values"):
        cut(built, DATA, begins, ends, 2)
