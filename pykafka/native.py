"""The extension module, where it was built: the one place that looks for it."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from .exceptions import ImplementationNotAvailableError

__all__ = ["SCAN_VARIABLE", "Native", "native", "scan"]

#: ``auto`` (what is the same as not set), ``require`` or ``off``.
SCAN_VARIABLE = "PYKAFKA_SCAN"
_CHOICES = ("auto", "require", "off")


class Native(NamedTuple):
    """What the extension module offers.

    :ivar ffi: cffi's view of its types and of memory.
    :ivar lib: its functions.
    :ivar path: the file.
    """

    ffi: Any
    lib: Any
    path: str


@cache
def native() -> Native | str:
    """The extension module, or why there is none."""
    try:
        module = import_module(f"{__package__}._native")
    except ImportError as error:
        return f"the extension module cannot be imported ({error})"
    module.lib.pykafka_scan_prepare()
    return Native(module.ffi, module.lib, module.__file__ or "")


def scan() -> Native | None:
    """What splits record sets; ``None`` where Python is to do that.

    Used where it is there. The environment variable ``PYKAFKA_SCAN`` set to ``off`` leaves it
    out, ``require`` makes it an error that it is missing.

    :raises ImplementationNotAvailableError: it is required and not there, or the variable is
        something else.
    """
    asked = os.environ.get(SCAN_VARIABLE, "auto")
    if asked not in _CHOICES:
        raise ImplementationNotAvailableError(
            f"{SCAN_VARIABLE}={asked}: it is one of {', '.join(_CHOICES)}"
        )
    if asked == "off":
        return None
    found = native()
    if isinstance(found, Native):
        return found
    if asked == "require":
        raise ImplementationNotAvailableError(
            f"{SCAN_VARIABLE}=require: {found}. It is built when pykafka is installed where there"
            " is a C compiler: PYKAFKA_EXTENSIONS=require pip install --force-reinstall pykafka"
            " tells what is missing"
        )
    return None
