"""Packages whose modules are loaded when one of their names is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(package: str, names: Sequence[str], modules: Sequence[str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562).

    :param package: its name.
    :param names: what it offers; each is in the ``__all__`` of one of the modules.
    :param modules: the package's modules in the order in which they are searched, cheap or
        often used ones first. They are found as well, as if the package imported them.
    """

    def __getattr__(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        if name in names:
            for module in modules:
                found = import_module(f"{package}.{module}")
                if name in found.__all__:
                    value = getattr(found, name)
                    setattr(sys.modules[package], name, value)
                    return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__
