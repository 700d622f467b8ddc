"""Everything declarative stands in pyproject.toml; the extension module is declared here.

The environment variable ``PYKAFKA_EXTENSIONS`` says what happens to it: ``auto`` (also if it is not
set) builds it where there are cffi and a C compiler and says so where it is left out, ``require``
fails there, ``skip`` leaves it out. pykafka works without, more slowly.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.build_ext import build_ext

_VARIABLE = "PYKAFKA_EXTENSIONS"
_CHOICES = ("auto", "require", "skip")
#: The oldest interpreter whose stable interface is enough.
_ABI = "cp310"
_PROBE = '#include <Python.h>\nPyObject *probe(void) { return PyUnicode_FromString(""); }\n'


def _obstacle() -> str | None:
    """Why the extension module cannot be built here; ``None`` if it can."""
    try:
        import cffi  # noqa: F401 - whether it is there
    except ImportError as error:
        return f"cffi is not installed ({error})"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(_PROBE)
        extension = Extension("probe", [str(source)])
        probe = build_ext(Distribution({"name": "probe", "ext_modules": [extension]}))
        probe.build_lib = probe.build_temp = folder
        probe.ensure_finalized()
        try:
            probe.run()
        except Exception as error:  # noqa: BLE001 - setuptools has no root for what compilers do
            return f"no C compiler that works: {error}"
    return None


def _extensions() -> dict[str, object]:
    asked = os.environ.get(_VARIABLE, "auto")
    if asked not in _CHOICES:
        sys.exit(f"{_VARIABLE}={asked}: it is one of {', '.join(_CHOICES)}")
    if asked == "skip":
        return {}
    obstacle = _obstacle()
    if obstacle is None:
        return {
            "cffi_modules": ["native/build.py:ffibuilder"],
            "options": {"bdist_wheel": {"py_limited_api": _ABI}},
        }
    if asked == "require":
        sys.exit(f"{_VARIABLE}=require, but the extension module cannot be built: {obstacle}")
    sys.stderr.write(f"pykafka is installed without its extension module: {obstacle}\n")
    return {}


setup(**_extensions())
