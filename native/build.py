"""The extension module ``pykafka._native``, as cffi describes it. Run by ``setup.py``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from cffi import FFI

_HERE = Path(__file__).parent


def _declarations(header: Path) -> str:
    """What a header declares, in the part of C that cffi reads."""
    return re.sub(r"^#.*$", "", header.read_text(), flags=re.MULTILINE)


_PARTS = ["scan", "encode"]
if os.name != "nt":
    _PARTS.append("rdkafka")  # it opens libraries as POSIX does
if sys.implementation.name == "cpython":
    _PARTS.append("slices")  # elsewhere objects have no addresses

_SOURCES = [f"native/{part}.c" for part in _PARTS]
_HEADERS = [f"native/{part}.h" for part in _PARTS]
if "rdkafka" in _PARTS:
    _SOURCES.append("native/rdkafka_reading.c")
    _HEADERS.append("native/rdkafka_inside.h")

ffibuilder = FFI()
for part in _PARTS:
    ffibuilder.cdef(_declarations(_HERE / f"{part}.h"))
ffibuilder.set_source(
    "pykafka._native",
    "#include <stdint.h>\n" + "".join(f'#include "{part}.h"\n' for part in _PARTS),
    sources=_SOURCES,
    include_dirs=["native"],
    depends=_HEADERS,
    libraries=["dl", "pthread"] if sys.platform == "linux" else [],
    # Whatever the interpreter was built with: speed is what this is for.
    extra_compile_args=[] if os.name == "nt" else ["-O3"],
    py_limited_api=True,
)
