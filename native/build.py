"""The extension module ``pykafka._native``, as cffi describes it. Run by ``setup.py``."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cffi import FFI

_HERE = Path(__file__).parent


def _declarations(header: Path) -> str:
    """What a header declares, in the part of C that cffi reads."""
    return re.sub(r"^#.*$", "", header.read_text(), flags=re.MULTILINE)


ffibuilder = FFI()
ffibuilder.cdef(_declarations(_HERE / "scan.h"))
ffibuilder.set_source(
    "pykafka._native",
    '#include <stdint.h>\n#include "scan.h"\n',
    sources=["native/scan.c"],
    include_dirs=["native"],
    depends=["native/scan.h"],
    # Whatever the interpreter was built with: speed is what this is for.
    extra_compile_args=[] if os.name == "nt" else ["-O3"],
    py_limited_api=True,
)
