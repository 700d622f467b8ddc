"""The picture of a topology."""

from __future__ import annotations

import shutil
import subprocess
from typing import Literal

from ..exceptions import MissingRequirementError
from .exceptions import StormError
from .topology.specs import ComponentSpec, JavaComponentSpec, ShellComponentSpec
from .topology.streams import DEFAULT_STREAM, GlobalStreamId, Grouping
from .topology.topology import TopologyType

__all__ = ["Format", "dot_text", "draw"]

Format = Literal["dot", "png", "svg"]
_FORMATS = ("dot", "png", "svg")

#: Seconds for Graphviz to draw; it takes some tens of milliseconds.
_TIMEOUT = 60


def draw(topology: TopologyType, format: Format = "svg") -> bytes:
    """Draw the components and the streams between them.

    Graphviz does it: its program ``dot`` if there is one, else the one inside the package
    ``pygraphviz``.

    :param format: ``svg``, ``png``, or ``dot`` for the text that Graphviz is given.
    :raises ValueError: the format is another.
    :raises MissingRequirementError: there is neither of the two.
    :raises StormError: Graphviz failed.
    """
    if format not in _FORMATS:
        raise ValueError(f"cannot draw as {format!r}; formats: {', '.join(_FORMATS)}")
    text = dot_text(topology)
    if format == "dot":
        return text.encode()
    program = shutil.which("dot")
    return _by_package(text, format) if program is None else _by_program(program, text, format)


def _by_program(program: str, text: str, format: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - Graphviz, as the PATH has it
            [program, f"-T{format}"],
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StormError(f"{program} does not draw the topology: {error}") from error
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace").strip()
        raise StormError(f"{program} does not draw the topology: {message}")
    return done.stdout


def _by_package(text: str, format: str) -> bytes:
    try:
        import pygraphviz
    except ImportError as error:
        raise MissingRequirementError(
            f"a drawing needs Graphviz: either its program dot (on Debian: apt install graphviz) "
            f"or the package pygraphviz ({error}); run: pip install 'pykafka[storm]'. "
            "The format dot needs neither"
        ) from error
    drawing: bytes = pygraphviz.AGraph(text).draw(format=format, prog="dot")
    return drawing


def dot_text(topology: TopologyType) -> str:
    """The topology in Graphviz' language: components are nodes, what bolts read are edges."""
    lines = [
        f"digraph {_quoted(topology.__name__)} {{",
        "  rankdir=LR;",
        '  node [fontname="Helvetica", style=filled, fillcolor="#e8f0fe"];',
        '  edge [fontname="Helvetica", fontsize=10];',
    ]
    lines += [f"  {_node(spec)};" for spec in topology.specs]
    lines += [
        f"  {_edge(spec, source, grouping)};"
        for spec in topology.specs
        for source, grouping in spec.inputs.items()
    ]
    return "\n".join([*lines, "}", ""])


def _node(spec: ComponentSpec) -> str:
    label = _quoted(f"{spec.name}\n{_program(spec)}\n{_par(spec)}")
    shape = 'shape=box, fillcolor="#e6f4ea"' if spec.is_spout else "shape=ellipse"
    return f"{_quoted(str(spec.name))} [label={label}, {shape}]"


def _program(spec: ComponentSpec) -> str:
    """What runs there, in short."""
    if isinstance(spec, ShellComponentSpec):
        if spec.class_path is not None:
            return spec.class_path.rpartition(".")[2]
        return f"{spec.command} {spec.script}".strip()
    assert isinstance(spec, JavaComponentSpec)
    return (spec.full_class_name or "a Java object").rpartition(".")[2]


def _par(spec: ComponentSpec) -> str:
    if isinstance(spec.par, int):
        return f"par {spec.par}"
    return "par " + ", ".join(f"{environment}: {par}" for environment, par in spec.par.items())


def _edge(spec: ComponentSpec, source: GlobalStreamId, grouping: Grouping) -> str:
    how = grouping.kind.replace("_", " ")
    if grouping.kind == "fields":
        how = f"fields {', '.join(grouping.field_names)}"
    elif grouping.java_class is not None:
        how = grouping.java_class.rpartition(".")[2]
    label = how if source.streamId == DEFAULT_STREAM else f"{source.streamId}\n{how}"
    ends = f"{_quoted(source.componentId)} -> {_quoted(str(spec.name))}"
    return f"{ends} [label={_quoted(label)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
