"""A project's folder as streamparse lays it out: its environments, options and topologies."""

from __future__ import annotations

from .environment import NIMBUS_PORT, Environment, SshHost
from .folder import Project
from .hooks import Hooks
from .options import cli_options, merged_options, parse_option

__all__ = [
    "NIMBUS_PORT",
    "Environment",
    "Hooks",
    "Project",
    "SshHost",
    "cli_options",
    "merged_options",
    "parse_option",
]
