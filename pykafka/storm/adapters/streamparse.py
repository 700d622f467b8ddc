"""The Kafka spout as a component of streamparse."""

from __future__ import annotations

from typing import Any

from . import needs

try:
    from streamparse.dsl.spout import ShellSpoutSpec
    from streamparse.storm.spout import Spout
except ImportError as error:
    raise needs("pykafka.storm.adapters.streamparse", "'streamparse>=5,<6'", error) from error

from .bridging import BridgedSpout

__all__ = ["KafkaSpout"]


class KafkaSpout(BridgedSpout, Spout):  # type: ignore[misc]  # streamparse has no annotations
    """Reads topics of Kafka into a topology of streamparse, and loses nothing.

    ::

        class Lines(KafkaSpout):
            topics = ["lines"]
            group = "words"
            hosts = "127.0.0.1:9092"
            fields = ["line"]

        class Words(streamparse.Topology):
            lines = Lines.spec(par=4)
            count = WordCount.spec(inputs=[lines], par=4)

    Options are those of :class:`pykafka.storm.KafkaSpout`: attributes of the class, over them the
    configuration of the topology (``pykafka.spout.<option>``), over that ``spec(...)``.

    Subclasses that override :meth:`initialize`, :meth:`next_tuple`, :meth:`ack`, :meth:`fail`,
    :meth:`deactivate` or :meth:`close` call what they override.
    """

    @classmethod
    def spec(
        cls, name: str | None = None, par: Any = None, config: Any = None, **options: Any
    ) -> Any:
        """Its place in a topology.

        :param name: the component's name; that of the topology's attribute without one.
        :param par: how many tasks, or environment -> how many; the class' own without it.
        :param config: Storm settings of this component; the class' own without them.
        :param options: options of the spout, over those of the class.
        :raises UnknownOptionError: there is no such option.
        :raises InvalidOptionError: a value is none that it may have.
        """
        return ShellSpoutSpec(
            cls,
            command="streamparse_run",
            script=f"{cls.__module__}.{cls.__name__}",
            name=name,
            par=par,
            config=cls.declared_config(config, options),
            outputs=cls.declared_outputs(options),
        )
