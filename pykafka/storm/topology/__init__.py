"""Topologies: components, the streams between them, and what can be wrong with them."""

from __future__ import annotations

from .checks import check_configuration, check_topology_name, checks_for_submit
from .foreign import JavaBolt, JavaSpout, ShellBolt, ShellSpout
from .launcher import Launcher
from .making import SHORT_FORM, bolt_spec, class_path_of, short_form, spout_spec
from .specs import (
    ComponentSpec,
    JavaBoltSpec,
    JavaComponentSpec,
    JavaSpoutSpec,
    ShellBoltSpec,
    ShellComponentSpec,
    ShellSpoutSpec,
)
from .streams import DEFAULT_STREAM, GlobalStreamId, Grouping, Stream
from .topology import Topology

__all__ = [
    "DEFAULT_STREAM",
    "SHORT_FORM",
    "ComponentSpec",
    "GlobalStreamId",
    "Grouping",
    "JavaBolt",
    "JavaBoltSpec",
    "JavaComponentSpec",
    "JavaSpout",
    "JavaSpoutSpec",
    "Launcher",
    "ShellBolt",
    "ShellBoltSpec",
    "ShellComponentSpec",
    "ShellSpout",
    "ShellSpoutSpec",
    "Stream",
    "Topology",
    "bolt_spec",
    "check_configuration",
    "check_topology_name",
    "checks_for_submit",
    "class_path_of",
    "short_form",
    "spout_spec",
]
