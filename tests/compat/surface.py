"""The public surface of pykafka 2.8 (``pykafka-2.8-api.json``) as a list of promises to check.

The JSON was recorded with ``inspect`` from the published release and also holds private names,
dunders and names that modules merely import; this module leaves those out.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

RECORDED = json.loads((Path(__file__).parent / "pykafka-2.8-api.json").read_text())

#: Modules that other work items bring, with what stands below them.
LEFT_OUT = (
    "pykafka.rdkafka",
    "pykafka.balancedconsumer",
    "pykafka.managedbalancedconsumer",
)
DUNDERS = {"__init__", "__iter__", "__enter__", "__exit__"}
#: Constants that users import; the others are loggers, future features and imported names.
CONSTANTS = {
    "pykafka.RangeProtocol",
    "pykafka.RoundRobinProtocol",
    "pykafka.common.EPOCH",
    "pykafka.exceptions.ERROR_CODES",
    "pykafka.membershipprotocol.RangeProtocol",
    "pykafka.membershipprotocol.RoundRobinProtocol",
    "pykafka.protocol.API_VERSIONS_080",
    "pykafka.protocol.API_VERSIONS_090",
    "pykafka.simpleconsumer.MAGIC_OFFSETS",
}
#: Imported names that users and 2.x's own tests take from where they are imported.
USED_REEXPORTS = {
    "pykafka.simpleconsumer.OffsetType",
    "pykafka.topic.OffsetType",
    "pykafka.producer.CompressionType",
}


class Promise(NamedTuple):
    """One public name of 2.8.

    :ivar name: the dotted name.
    :ivar recorded: what the JSON says of it: a signature, ``property``, ``= value``, bases...
    """

    name: str
    recorded: str


def _is_public(name: str) -> bool:
    return name in DUNDERS or not name.startswith("_")


def _class_promises(path: str, recorded: dict[str, Any]) -> Iterator[Promise]:
    yield Promise(path, "bases " + " ".join(recorded.get("__bases__", ())))
    if "_fields" in recorded:
        yield Promise(f"{path}._fields", f"= {tuple(recorded['_fields'])!r}")
    for name in recorded.get("__inherited__", ()):
        if _is_public(name):
            yield Promise(f"{path}.{name}", "there")
    for name, text in recorded.items():
        if _is_public(name) and not text.startswith("(inherited)"):
            yield Promise(f"{path}.{name}", text)


def promises(module: str) -> Iterator[Promise]:
    """Yield the public names that 2.8 has in ``module``, the module itself first."""
    recorded = RECORDED[module]
    yield Promise(module, "there")
    for name in recorded.get("__all__") or ():
        yield Promise(f"{module}.{name}", "there")
    for group in ("__constants__", "__reexports__"):
        for name in recorded.get(group, ()):
            if f"{module}.{name}" in CONSTANTS | USED_REEXPORTS:
                yield Promise(f"{module}.{name}", "there")
    for name, text in recorded.get("__functions__", {}).items():
        if _is_public(name):
            yield Promise(f"{module}.{name}", text)
    for name, content in recorded.items():
        if _is_public(name) and isinstance(content, dict):
            yield from _class_promises(f"{module}.{name}", content)


def modules() -> list[str]:
    """The modules of 2.8 that this package promises."""
    return [
        name
        for name in RECORDED
        if not name.startswith("__")
        and not any(name == out or name.startswith(f"{out}.") for out in LEFT_OUT)
    ]


def find(name: str) -> Any:
    """Return the object with a dotted name.

    :raises LookupError: there is none.
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                raise LookupError(name)
            found = getattr(found, part)
        return found
    raise LookupError(name)


def difference(promise: Promise) -> str | None:
    """Say how the name in this package falls short of the promise, ``None`` if it does not."""
    try:
        found = find(promise.name)
    except LookupError:
        return "is missing"
    recorded = promise.recorded
    if recorded.startswith("bases "):
        return _bases_difference(found, recorded.split()[1:])
    if recorded.startswith("= "):
        return _value_difference(found, recorded[2:])
    signature = re.fullmatch(r"(classmethod|staticmethod|)(\(.*\))", recorded)
    if signature:
        return _signature_difference(found, signature[2], bound=signature[1] == "classmethod")
    return None


def _bases_difference(found: type, bases: list[str]) -> str | None:
    for base in bases:
        if base.rpartition(".")[2].startswith("_"):
            continue
        try:
            wanted = find(base)
        except LookupError:
            return f"cannot derive from {base}, which is missing"
        if not issubclass(found, wanted):
            return f"does not derive from {base}"
    return None


def _value_difference(found: Any, text: str) -> str | None:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return None if found == value else f"is {found!r}, was {value!r}"


#: Stands for a default that has no literal form: only its presence is compared.
_OPAQUE = object()


def _parameters(text: str) -> list[tuple[str, Any]]:
    """Parse a recorded signature to (name, default or ``inspect.Parameter.empty``) pairs."""
    text = re.sub(r"<class '[^']*'>|<[^>]*>", "OPAQUE", text)
    function = ast.parse(f"def f{text}: pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    defaults: list[Any] = [inspect.Parameter.empty] * (len(names) - len(arguments.defaults))
    for node in arguments.defaults:
        try:
            defaults.append(ast.literal_eval(node))
        except ValueError:
            defaults.append(_OPAQUE)
    return list(zip(names, defaults, strict=True))


def _signature_difference(found: Any, text: str, *, bound: bool) -> str | None:
    """Compare names, order and defaults; further parameters at the end need a default."""
    wanted = _parameters(text)[1:] if bound else _parameters(text)
    have = [
        parameter
        for parameter in inspect.signature(found).parameters.values()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    positional = [parameter for parameter in have if parameter.kind != parameter.KEYWORD_ONLY]
    for number, (name, default) in enumerate(wanted):
        if number >= len(positional) or positional[number].name != name:
            return f"takes {[p.name for p in positional]}, took {[n for n, _ in wanted]}"
        ours = positional[number].default
        if default is _OPAQUE:
            same = ours is not inspect.Parameter.empty
        else:
            # Where 2.8 had a list that all calls shared, an empty tuple stands.
            same = ours is default or ours == default or (ours == () and default == [])
        if not same:
            return f"has {name}={ours!r}, had {name}={default!r}"
    extra = [p.name for p in have[len(wanted) :] if p.default is inspect.Parameter.empty]
    return f"asks for more than 2.8 did: {extra}" if extra else None
