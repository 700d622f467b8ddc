"""The Kafka spout for this package's own topologies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..components.spout import Spout
from .declaring import Declared
from .decoding import output_fields
from .engine import Engine
from .place import place_of
from .spout_options import CONFIG_PREFIX, FUNCTIONS, SPOUT

__all__ = ["DeclaredSpout", "KafkaSpout"]


class DeclaredSpout(Declared):
    """What Kafka spouts have in common, whatever runs them: how they are declared."""

    option_table = SPOUT
    config_prefix = CONFIG_PREFIX
    function_options = FUNCTIONS
    outputs: ClassVar[Any] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # What a user writes as outputs stands; fields of an ancestor do not outlive new ones.
        if "outputs" not in vars(cls) and "fields" in vars(cls):
            cls.outputs = output_fields(vars(cls)["fields"])


class KafkaSpout(DeclaredSpout, Spout):
    pass
