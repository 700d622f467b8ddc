"""``config.json``: each key declared once, and a file checked against them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..exceptions import ConfigError

__all__ = ["ENVIRONMENT", "LOG", "PROJECT", "Key", "default_of", "read_configuration"]


class Key(NamedTuple):
    """One key of ``config.json``.

    :ivar kind: one of those in ``_KINDS``.
    :ivar choices: the only texts it may be.
    :ivar instead: the key that says the same today, if this is an old spelling.
    """

    name: str
    kind: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    instead: str | None = None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: What a value may be: in words, and as a test. An empty text is as good as none everywhere.
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", _is_text),
    "texts": ("a list of texts", _is_texts),
    "text or texts": ("a text or a list of texts", lambda v: _is_text(v) or _is_texts(v)),
    "number": ("a whole number", _is_number),
    "port": ("a port from 1 to 65535", lambda value: _is_number(value) and 0 < value < 65536),
    "switch": ("true or false", lambda value: isinstance(value, bool)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "anything": ("anything", lambda _value: True),
}


def _table(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


#: The keys of the file itself.
PROJECT = _table(
    Key("serializer", "text", "json", "How tuples are written between Storm and Python."),
    Key("topology_specs", "text", "topologies/", "The folder of the topologies."),
    Key("virtualenv_specs", "text", "virtualenvs/", "The folder of the requirement files."),
    Key("envs", "object", None, "The environments (clusters), by name."),
    Key("library", "anything", None, "Of streamparse 1 and 2; has no meaning here."),
)

#: The keys of an environment's ``log``: the files that components write on the workers.
LOG = _table(
    Key("path", "text", "", "The folder; none: Storm's own log is written to."),
    Key(
        "file",
        "text",
        "pystorm_{topology_name}_{component_name}_{task_id}_{pid}.log",
        "The name of a file in it.",
    ),
    Key("max_bytes", "number", 1_000_000, "The size at which a new file is begun."),
    Key("backup_count", "number", 10, "How many full files are kept."),
    Key("level", "text", "info", "The lowest level that is logged."),
    Key("format", "text", "", "The format of a line, as in Python's logging."),
)

#: The keys of an environment.
ENVIRONMENT = _table(
    Key("user", "text", "", "The user to be on other hosts, for ssh."),
    Key("ssh_password", "text", "", "The user's password. A key and an agent are better."),
    Key("ssh_port", "port", None, "The port of sshd; none: what ssh itself takes."),
    Key("ssh_options", "texts", [], 'Further arguments for ssh, such as ["-J", "bastion"].'),
    Key("sudo_user", "text", "", "The user who owns virtual environments that ssh makes."),
    Key(
        "nimbus",
        "text or texts",
        "",
        "Nimbus as host or host:port (6627), or a list of them: one is asked who leads.",
    ),
    Key("use_ssh_for_nimbus", "switch", None, "Go to Nimbus through ssh; none: if user is set."),
    Key("workers", "texts", [], "The workers' hosts, as host or host:port of sshd; none: asked."),
    Key(
        "deployment",
        "text",
        "packed",
        "How Python packages get to the workers: in the jar, made there over ssh, or they are"
        " there already.",
        choices=("packed", "ssh", "existing"),
    ),
    Key("interpreter", "text", "", "The workers' Python: a path there, or a name; none: python3."),
    Key("requirements", "text or texts", [], "Requirement files, from the project's folder."),
    Key("wheels", "text or texts", [], "Folders in which pip finds wheels, beside the index."),
    Key("no_index", "switch", False, "True: pip asks no index; all there is are the wheels."),
    Key(
        "worker_platform",
        "text or texts",
        [],
        "The workers' platform in pip's words, such as \"manylinux2014_x86_64\"; none: as here.",
    ),
    Key(
        "worker_python", "text", "", 'The version of the workers\' Python ("3.12"); none: as here.'
    ),
    Key("worker_implementation", "text", "", 'Which Python workers have ("cp", "pp"); none: any.'),
    Key("worker_abi", "text or texts", [], 'Its ABI in pip\'s words ("cp312"); none: any.'),
    Key("virtualenv_root", "text", "", "The workers' folder that holds virtual environments."),
    Key("virtualenv_name", "text", "", "The name of it there; none: the topology's."),
    Key("virtualenv_flags", "text", "", "Arguments for what makes it, for instance -p PYTHON."),
    Key("use_virtualenv", "switch", True, "False: the interpreter is there (existing)."),
    Key("install_virtualenv", "switch", True, "False: virtualenv_root/NAME is there (existing)."),
    Key("serializer", "text", "", "As above, for this environment."),
    Key("log", "object", {}, "Files that components log to, on the workers."),
    Key("options", "object", {}, "Storm's options for topologies that are submitted here."),
    Key("ui.port", "port", 8080, "The port of Storm's UI (which nothing here asks)."),
    Key("log_path", "text", "", "The log's path.", instead="log.path"),
    Key("log_file", "text", "", "The log's file.", instead="log.file"),
    Key("virtualenv_path", "text", "", "virtualenv_root.", instead="virtualenv_root"),
    Key("worker_count", "number", None, "Workers.", instead="options.topology.workers"),
    Key("acker_count", "number", None, "Ackers.", instead="options.topology.acker.executors"),
)


def default_of(key: Key) -> Any:
    """The key's default; a list or object of its own."""
    return key.default.copy() if isinstance(key.default, (list, dict)) else key.default


def read_configuration(path: Path) -> dict[str, Any]:
    """The content of a ``config.json``, as it stands there.

    :raises ConfigError: it cannot be read, or has mistakes: all of them are told.
    """
    repeated: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(pairs)

    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no UTF-8: {error}") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must hold an object, not {_told(content)}")
    mistakes = [f"{name!r} stands there twice" for name in repeated]
    mistakes += _mistakes(content)
    if mistakes:
        raise ConfigError([f"{path}: {mistake}" for mistake in mistakes])
    return content


def _mistakes(content: Mapping[str, Any]) -> Iterator[str]:
    yield from _check(PROJECT, content, "")
    environments = content.get("envs")
    if "envs" not in content:
        yield 'has no "envs", the environments by name'
    if not isinstance(environments, dict):
        return
    for name, values in environments.items():
        where = f"envs.{name}."
        if not isinstance(values, dict):
            yield f"envs.{name} must be an object, not {_told(values)}"
            continue
        yield from _check(ENVIRONMENT, values, where)
        if isinstance(values.get("log"), dict):
            yield from _check(LOG, values["log"], f"{where}log.")


def _check(table: Mapping[str, Key], values: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, value in values.items():
        key = table.get(name)
        if key is None:
            yield f"{where}{name} is unknown{_near(name, table)}"
            continue
        words, fits = _KINDS[key.kind]
        if value is None and key.default is None:
            continue
        if not fits(value):
            yield f"{where}{name} must be {words}, not {_told(value)}"
        elif key.choices and value and value not in key.choices:
            choices = ", ".join(map(repr, key.choices))
            yield f"{where}{name} must be one of {choices}, not {value!r}"


def _near(name: str, table: Mapping[str, Key]) -> str:
    near = difflib.get_close_matches(name, table)
    if not near:
        return f"; there is {', '.join(key.name for key in table.values() if not key.instead)}"
    return f"; did you mean {' or '.join(near)}?"


def _told(value: Any) -> str:
    words = json.dumps(value)
    return words if len(words) <= 60 else f"{words[:57]}..."
