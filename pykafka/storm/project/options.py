"""Storm's options: given on a command line, and which of several words on one is the last."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...exceptions import InvalidOptionError, MissingRequirementError

__all__ = ["cli_options", "merged_options", "parse_option"]

#: The one option whose values add up: what Kryo carries between workers. One who registers a class
#: of his own does not want lists and floats to stop travelling.
_ADDED_UP = "topology.kryo.register"


def parse_option(text: str) -> tuple[str, Any]:
    """``key=value`` as a pair; the value is read as YAML 1.2, as streamparse does.

    :raises InvalidOptionError: it is not of that form; tells what is wrong.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidOptionError(f"-o {text}: an option has the form key=value")
    yaml = _yaml()
    try:
        return name.strip(), yaml.load(value, Loader=_loader())
    except yaml.YAMLError as error:
        raise InvalidOptionError(f"-o {text}: the value is no YAML: {error}") from error


def cli_options(
    options: Sequence[str] = (),
    *,
    workers: int | None = None,
    ackers: int | None = None,
    debug: bool = False,
) -> dict[str, Any]:
    """What a command line says: ``-o`` (repeated; the last word on a key counts), ``-w``, ``-a``,
    ``-d``.

    :raises InvalidOptionError: an ``-o`` is not of the form ``key=value``.
    """
    chosen: dict[str, Any] = {}
    if debug:
        chosen |= {"topology.debug": True, "pystorm.log.level": "debug"}
    if workers is not None:
        chosen["topology.workers"] = workers
    if ackers is not None:
        chosen["topology.acker.executors"] = ackers
    return chosen | dict(map(parse_option, options))


def merged_options(
    *,
    cli: Mapping[str, Any],
    topology: Mapping[str, Any] | None,
    environment: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
    """Storm's options for a topology: the command line's, its own, the environment's, defaults.

    What stands further left wins. Only ``topology.kryo.register`` adds up.

    :param topology: the topology's ``config``.
    :param environment: the environment's ``options``.
    """
    layers = [defaults, environment, topology or {}, cli]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged |= layer
    registered = [layer[_ADDED_UP] for layer in layers if isinstance(layer.get(_ADDED_UP), list)]
    if isinstance(merged.get(_ADDED_UP), list):
        every = [entry for entries in registered for entry in entries]
        merged[_ADDED_UP] = [entry for i, entry in enumerate(every) if entry not in every[:i]]
    return merged


def _yaml() -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingRequirementError(
            "options on the command line are YAML: pip install pykafka[storm]"
        ) from error
    return yaml


@functools.cache
def _loader() -> Any:
    """A loader with the scalars of YAML 1.2: "on" is a text, and 10:30 no number of minutes."""
    yaml = _yaml()

    loader: Any = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("int", r"[-+]?[0-9]+", "-+0123456789"),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN)",
            "-+0123456789.",
        ),
    ):
        loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first)
        )
    # SafeLoader reads 0123 as octal.
    loader.add_constructor(
        "tag:yaml.org,2002:int", lambda made, node: int(made.construct_scalar(node), 10)
    )
    return loader
