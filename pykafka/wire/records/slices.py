"""Bytes objects, many at once, of what stands between places that lie in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...native import Native

__all__ = ["cut"]


def cut(native: Native, data: Any, begins: Any, ends: Any, count: int) -> list[bytes | None]:
    """What stands between ``begins`` and ``ends`` in the data; ``None`` where it begins below 0.

    :param data: ``bytes``, or another buffer of which slices are bytes.
    :param begins: ``int64_t *``, places in the data; ``ends``, likewise.
    :raises MemoryError: there is none left.
    """
    ffi, lib = native.ffi, native.lib
    if not hasattr(lib, "pykafka_slices"):  # built for an interpreter other than CPython
        places = zip(ffi.unpack(begins, count), ffi.unpack(ends, count), strict=True)
        return [data[begin:end] if begin >= 0 else None for begin, end in places]
    slices: list[bytes | None] = [None] * count
    # In CPython, that is what its id is. The list is ours alone until it is returned.
    address = ffi.cast("void *", id(slices))
    done = lib.pykafka_slices(address, ffi.from_buffer("uint8_t[]", data), begins, ends, count)
    if done < count:
        raise MemoryError(f"no memory for {count - done} of {count} keys or values")
    return slices
