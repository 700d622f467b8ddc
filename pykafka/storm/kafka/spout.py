"""The Kafka spout for this package's own topologies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..components.spout import Spout
from .declaring import Declared
from .decoding import output_fields
from .engine import Engine
from .place import place_of
from .spout_options import CONFIG_PREFIX, FUNCTIONS, SPOUT, lacks_ackers

__all__ = ["DeclaredSpout", "KafkaSpout"]


class DeclaredSpout(Declared):
    """What Kafka spouts have in common, whatever runs them: how they are declared, and that an
    :class:`.engine.Engine` does the work.

    The class that runs it has to provide what :class:`.host.Host` asks for.
    """

    option_table = SPOUT
    config_prefix = CONFIG_PREFIX
    function_options = FUNCTIONS
    outputs: ClassVar[Any] = ["value"]
    #: What does the work; from :meth:`initialize` on.
    engine: Engine

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # What a user writes as outputs stands; those of an ancestor do not outlive new fields.
        if "outputs" not in vars(cls) and "fields" in vars(cls):
            cls.outputs = output_fields(vars(cls)["fields"])

    @classmethod
    def declared_outputs(cls, options: Mapping[str, Any]) -> Any:
        """The outputs that go with options of ``spec``."""
        return output_fields(options["fields"]) if "fields" in options else cls.outputs

    @classmethod
    def storm_problems(cls, conf: Mapping[str, Any]) -> Sequence[str]:
        """That the guarantee needs ackers, where the topology has none."""
        reason = lacks_ackers(cls.declared_value(conf, "guarantee"), conf)
        return () if reason is None else (reason,)

    def make_engine(self, conf: Mapping[str, Any], context: Mapping[str, Any]) -> Engine:
        """The engine of this task.

        :raises InvalidOptionError: options are wrong, or contradict each other.
        """
        settings = self.read_settings(conf)
        streams = context.get("stream->outputfields") or {}
        declared = streams.get("default")
        if settings.translator is None and declared is not None:
            fields = output_fields(settings.fields)
            if list(declared) != fields:
                raise self.wrong_option(
                    f"option fields is {fields}, but the topology was built with {declared}: fields"
                    " are options of the class or of spec(), not of the topology's configuration"
                )
        host: Any = self
        return Engine(settings, place_of(conf, context), host, conf)

    def ack(self, tup_id: Any) -> None:
        """A message is done."""
        self.engine.ack(tup_id)

    def fail(self, tup_id: Any) -> None:
        """A message has failed: it comes again."""
        self.engine.fail(tup_id)

    def activate(self) -> None:
        """Go on."""
        self.engine.activate()

    def deactivate(self) -> None:
        """Commit at once; acks still come."""
        self.engine.deactivate()

    def close(self) -> None:
        """Commit and leave the group, within the second and a half that Storm leaves.

        Called once at the end: when Storm has closed its end of a pipe, and on SIGTERM.
        """
        self.engine.close()


class KafkaSpout(DeclaredSpout, Spout):
    """Reads topics of Kafka into a topology, and loses nothing.

    ::

        class Lines(KafkaSpout):
            topics = ["lines"]
            group = "words"
            hosts = "127.0.0.1:9092"
            fields = ["line"]

        class Words(Topology):
            lines = Lines.spec(par=4)

    Options are attributes of the class; ``spec(...)`` and the topology's configuration
    (``pykafka.spout.<option>``) go over them. A tuple's id is ``"topic/partition/offset"``. Tasks
    share the partitions; what is acked is committed as far as nothing before it is open, and what
    fails or times out is emitted again. With Kafka down it emits nothing, and goes on when Kafka is
    back.

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
        from ..topology import spout_spec

        written = cls.declared_config(config, options)
        return spout_spec(cls, name, par, written, cls.declared_outputs(options))

    def initialize(self, storm_conf: dict[str, Any], context: dict[str, Any]) -> None:
        """Begin to connect; nothing is waited for.

        :raises InvalidOptionError: options are wrong, or contradict each other.
        """
        self.engine = self.make_engine(storm_conf, context)
        self.engine.start()

    def next_tuple(self) -> None:
        """Emit what there is, for a few milliseconds at most."""
        self.engine.next()

    def emit_message(self, values: list[Any], id_: str | None, stream: str | None) -> Any:
        """The engine emits."""
        return self.emit(values, id_, stream)

    def emit_messages(self, tuples: list[list[Any]], ids: list[str] | None) -> bool:
        """The engine emits many, if that can be."""
        return self.storm_emit_many(tuples, ids)

    def tell(self, text: str, level: str) -> None:
        """The engine has something for the log."""
        self.log(text, level)

    def show(self, text: str) -> None:
        """The engine has something to be shown with the topology."""
        self.log(text, "error")
        self._outlet.report_error(text)
