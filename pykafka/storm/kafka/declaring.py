"""Components that are declared: options from class attributes, ``spec(...)`` and configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, ClassVar

from ...exceptions import InvalidOptionError, InvalidOptionTypeError, UsageError
from ...options import Option, Settings, reject_unknown, validated

__all__ = ["Declared"]

#: What stands in a class and gives an option's value when an object is asked for it.
_ASKED = (FunctionType, staticmethod, classmethod, property)


class Declared:
    """Mixin of a component whose options are declared.

    An option's value is, in this order: what the component's configuration says under
    ``config_prefix`` and its name (``spec`` writes its options there, and Storm lays that over the
    topology's configuration), the class attribute of its name, the table's default. A function that
    is written in the class' body is a method; one that is assigned there stays a function.
    """

    #: The options.
    option_table: ClassVar[Mapping[str, Option]] = {}
    #: What the keys of the configuration begin with.
    config_prefix: ClassVar[str] = ""
    #: Those of the options that may be functions. A text with a dot in it is the path of one.
    function_options: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def declared_config(cls, config: Any, options: Mapping[str, Any]) -> Any:
        """What ``spec`` gives Storm as the component's configuration.

        :param config: that of ``spec``; the class' own where it is None.
        :param options: the options of ``spec``.
        :raises UnknownOptionError: there is no such option.
        :raises InvalidOptionError: a value, or a class attribute, is none that it may have.
        :raises InvalidOptionTypeError: it is of the wrong type.
        """
        reject_unknown(cls.__name__, options, cls.option_table)
        config = getattr(cls, "config", None) if config is None else config
        for name, value in cls._attributes():
            if not isinstance(value, _ASKED):
                cls._check(cls.__name__, name, value)
        if not options or not (config is None or isinstance(config, Mapping)):
            return config
        written = dict(config or {})
        for name, value in options.items():
            cls._check(cls.__name__, name, value)
            written[cls.config_prefix + name] = cls._writable(name, value)
        return written

    @classmethod
    def declared_value(cls, conf: Mapping[str, Any], name: str) -> Any:
        """An option's value as far as the class and a configuration tell; ``None`` where only an
        object can."""
        key = cls.config_prefix + name
        if key in conf:
            return conf[key]
        value = dict(cls._attributes()).get(name, cls.option_table[name].default)
        return None if isinstance(value, _ASKED) else value

    def read_settings(self, conf: Mapping[str, Any]) -> Settings:
        """The options' values, checked.

        :param conf: the configuration that the component was started with.
        :raises UnknownOptionError: a key begins with the prefix and is no option's.
        :raises InvalidOptionError: a value is none that it may have.
        :raises InvalidOptionTypeError: a value is of the wrong type.
        """
        prefix, label = self.config_prefix, self._label()
        given = {key[len(prefix) :]: value for key, value in conf.items() if key.startswith(prefix)}
        reject_unknown(f"{label}: {prefix}*", given, self.option_table)
        values = {name: self._asked(value) for name, value in self._attributes()} | given
        for name, value in values.items():
            values[name] = self._read(label, name, value)
            self._check(label, name, values[name])
        return validated(self.option_table, values)

    def wrong_option(self, why: str) -> InvalidOptionError:
        """The error to raise where options do not go together; names the component."""
        return InvalidOptionError(f"{self._label()}: {why}")

    def _label(self) -> str:
        name, kind = getattr(self, "component_name", ""), type(self).__name__
        return f"{name} ({kind})" if name else kind

    @classmethod
    def _attributes(cls) -> Iterator[tuple[str, Any]]:
        """The options that the class, or one that it is made from, has a value for."""
        for name in cls.option_table:
            for base in cls.__mro__:
                if name in vars(base):
                    yield name, _as_written(base, name)
                    break

    def _asked(self, value: Any) -> Any:
        return value.__get__(self, type(self)) if isinstance(value, _ASKED) else value

    @classmethod
    def _check(cls, label: str, name: str, value: Any) -> None:
        option = cls.option_table[name]
        try:
            option.check(value)
        except UsageError as error:
            raise type(error)(f"{label}: {error}") from None
        if option.kind == "bool" and not isinstance(value, bool):
            raise InvalidOptionTypeError(
                f"{label}: option {name} must be True or False, not {value!r}"
            )

    @classmethod
    def _writable(cls, name: str, value: Any) -> Any:
        """A value as JSON can carry it."""
        if isinstance(value, re.Pattern):
            flags = value.flags & ~re.UNICODE
            return {"pattern": value.pattern, **({"flags": flags} if flags else {})}
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, (set, frozenset)):
            return sorted(value)
        return _path_of(f"{cls.__name__}: option {name}", value) if callable(value) else value

    @classmethod
    def _read(cls, label: str, name: str, value: Any) -> Any:
        """The value that :meth:`_writable` was given."""
        if isinstance(value, Mapping) and {"pattern"} <= set(value) <= {"pattern", "flags"}:
            return re.compile(value["pattern"], value.get("flags", 0))
        if name in cls.function_options and isinstance(value, str) and "." in value:
            return _at_path(f"{label}: option {name}", value)
        return value


def _as_written(base: type[Any], name: str) -> Any:
    """A class attribute; a function from elsewhere, which knows no ``self``, as one."""
    value = vars(base)[name]
    if isinstance(value, FunctionType) and value.__qualname__ != f"{base.__qualname__}.{name}":
        return staticmethod(value)
    return value


def _path_of(what: str, function: Callable[..., Any]) -> str:
    """Where a worker finds a function.

    :raises InvalidOptionError: nowhere.
    """
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None)
    if not (module and name):
        why = "it has no name; give a function, or the path of this one as text"
    elif module == "__main__":
        why = "it is in the program that was started; move it to a module of its own"
    elif "<" in name:
        why = "it is made inside a function, or has no name; move it to the top of a module"
    else:
        path = f"{module}.{name}"
        if _at_path(what, path) == function:
            return path
        why = f"{path} is something else"
    raise InvalidOptionError(f"{what}: a worker cannot import {function!r}: {why}")


def _at_path(what: str, path: str) -> Any:
    """What a dotted path names.

    :raises InvalidOptionError: nothing.
    """
    from pkgutil import resolve_name

    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidOptionError(f"{what}: {path!r} cannot be imported: {error}") from error
