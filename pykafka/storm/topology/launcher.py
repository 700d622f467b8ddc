"""How a worker starts a Python component."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Launcher"]


@dataclass(frozen=True)
class Launcher:
    """The command line of Python components. Storm makes it of exactly two items.

    :ivar command: the program, as the worker finds it.
    :ivar script_template: its one argument, with ``{class_path}`` where the component's class
        (``module.Class``) belongs. An option may be followed by its value without a space.
    """

    command: str = "python3"
    script_template: str = "-cfrom pykafka.storm.worker import main; main('{class_path}')"

    def script(self, class_path: str) -> str:
        """The argument for this component."""
        return self.script_template.replace("{class_path}", class_path)
