"""The bolt that sends tuples to Kafka."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ...common import CODECS
from ...options import Option, Settings
from ...partitioners import RandomPartitioner, hashing_partitioner
from ..components.bolt import Bolt
from ..components.tuples import Tuple
from .bolt_options import FUNCTIONS, OPTIONS, PREFIX
from .composing import Composer
from .declaring import Declared
from .outbox import Outbox
from .outcomes import Outcomes
from .producers import Producers

if TYPE_CHECKING:
    from ...client import KafkaClient

__all__ = ["KafkaBolt"]

#: Seconds between two looks at what became of messages, while some are under way: few at first,
#: and more while nothing comes.
_SHORTEST, _LONGEST = 0.002, 0.05
#: Seconds that are left at the end.
_CLOSE_S = 1.5
#: Whoever asks brokers on behalf of a bolt waits so long for each answer.
_SOCKET_TIMEOUT_MS = 10000
_NO_LIMIT = 2**31 - 1
_DEFAULT_TIMEOUT_S = 30
_in_turn = RandomPartitioner()


class KafkaBolt(Declared, Bolt):
    """Sends each tuple as a message to Kafka; acks it when brokers have acknowledged that.

    ::

        class Results(KafkaBolt):
            topic = "results"
            hosts = "127.0.0.1:9092"
            key_field = "word"
            encoder = "json"

        class Counting(Topology):
            ...
            results = Results.spec(inputs=[count], par=2)

    Options are attributes of the class; ``spec(...)`` and the topology's configuration
    (``pykafka.bolt.<option>``) go over them. Tuples that brokers refuse, after the retries that
    are worth it, or that are not acknowledged in time, fail.
    """

    option_table: ClassVar[Mapping[str, Option]] = OPTIONS
    config_prefix: ClassVar[str] = PREFIX
    function_options: ClassVar[frozenset[str]] = FUNCTIONS
    auto_ack: ClassVar[bool] = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._due: float | None = None
        self._due_really = 0.0
        self._pause = _SHORTEST

    @classmethod
    def spec(
        cls,
        name: str | None = None,
        inputs: Any = None,
        par: Any = None,
        config: Any = None,
        **options: Any,
    ) -> Any:
        """Its place in a topology, see :meth:`pykafka.storm.Bolt.spec`.

        :param options: options of the bolt, which go over the class' own.
        :raises UnknownOptionError: there is no such option.
        :raises InvalidOptionError: a value is none that it may have, or a function that a worker
            could not import.
        :raises InvalidOptionTypeError: a value is of the wrong type.
        """
        return super().spec(name, inputs, par, cls.declared_config(config, options))

    def make_client(self, settings: Settings) -> KafkaClient:
        """Connect to Kafka; the place to say more than options can, such as TLS.

        Called on a thread of its own, again after it raised.

        :param settings: the options.
        """
        from ...client import KafkaClient

        where = {
            name: value
            for name in ("hosts", "zookeeper_hosts")
            if (value := getattr(settings, name)) is not None
        }
        return KafkaClient(
            **where,
            client_id=f"{self.topology_name}-{self.component_name}-{self.task_id}",
            socket_timeout_ms=_SOCKET_TIMEOUT_MS,
        )

    def _prepare(self) -> None:
        settings = self.read_settings(self.storm_conf)
        self._check_settings(settings)
        self._settings = settings
        fields = self.context.get("source->stream->fields") or {}
        try:
            self._compose = Composer(settings, fields)
        except ValueError as error:
            raise self.wrong_option(str(error)) from error
        self._outcomes = Outcomes(self, settings)
        timeout_ms = self._delivery_timeout_ms()
        self._outbox = Outbox(
            Producers(lambda: self.make_client(settings), self._producer_options(timeout_ms)),
            timeout_ms / 1000,
            self._outcomes,
        )
        if self._compose.topic is not None:
            self._outbox.want(self._compose.topic)

    def _check_settings(self, settings: Settings) -> None:
        connects = type(self).make_client is not KafkaBolt.make_client
        if settings.hosts is None and settings.zookeeper_hosts is None and not connects:
            raise self.wrong_option("set hosts, or zookeeper_hosts")
        if (settings.topic is None) == (settings.topic_field is None):
            raise self.wrong_option("set either topic or topic_field")
        if settings.partitioner is not None and not callable(settings.partitioner):
            raise self.wrong_option(
                f"option partitioner must be a function or its dotted path, not"
                f" {settings.partitioner!r}"
            )

    def _delivery_timeout_ms(self) -> int:
        # A message may wait twice: for Kafka to be found, and for the acknowledgement.
        given: int | None = self._settings.delivery_timeout_ms
        seconds = self.storm_conf.get("topology.message.timeout.secs") or _DEFAULT_TIMEOUT_S
        return given or max(100, int(seconds * 1000 / 2))

    def _producer_options(self, timeout_ms: int) -> dict[str, Any]:
        settings = self._settings
        return {
            "partitioner": _partitioner(settings.partitioner),
            "compression": CODECS[settings.compression],
            "required_acks": settings.required_acks,
            "linger_ms": settings.linger_ms,
            "max_request_size": settings.max_request_size,
            "delivery_timeout_ms": timeout_ms,
            "ack_timeout_ms": min(timeout_ms, 10000),
            # The time-out ends it.
            "max_retries": _NO_LIMIT,
            # The bound is this bolt's, and holds for all topics together: nothing blocks here.
            "max_queued_messages": _NO_LIMIT,
            "max_queued_bytes": _NO_LIMIT,
            "min_queued_messages": settings.max_in_flight,
            "delivery_reports": True,
            "pending_timeout_ms": 1,
        }

    def process(self, tup: Tuple) -> None:
        """Send a tuple; what becomes of it is seen later."""
        try:
            composition = self._compose(tup)
            if composition.topic is None:
                self.ack(tup)
                return
            self._outbox.send(composition, tup.id)
        except Exception as error:  # noqa: BLE001 - encoders and partitioners are users'; told
            where = f"{tup.component}/{tup.stream}"
            self._outcomes.refused(tup.id, error, f"{tup.id} of {where}: {tup.values!s:.200}")
            return
        if self._settings.fire_and_forget:
            self.ack(tup)
        if self._due is None:
            self._pause = _SHORTEST
            self._look_in(min(self._settings.linger_ms / 1000 + _SHORTEST, _LONGEST))
        self._note_full()

    @property
    def storm_deadline(self) -> float | None:
        """When to look for acknowledgements, by :attr:`storm_clock`."""
        return self._due

    def storm_flush(self) -> None:
        """Ack and fail what is known by now."""
        # Kafka's time is real: where time is stepped, it passes no faster than that.
        left = self._due_really - time.monotonic()
        if self._due is not None and left > 0:
            time.sleep(left)
        settled = self._outbox.settle()
        self._note_full()
        if self._outbox.count:
            self._pause = _SHORTEST if settled else min(self._pause * 2, _LONGEST)
            self._look_in(self._pause)
        else:
            self._due = None

    def close(self) -> None:
        """Send what is queued, as far as that is done soon."""
        self._outcomes.close()
        self._outbox.close(_CLOSE_S)

    def _look_in(self, seconds: float) -> None:
        self._due = self.storm_clock() + seconds
        self._due_really = time.monotonic() + seconds

    def _note_full(self) -> None:
        settings, outbox = self._settings, self._outbox
        self.storm_full = (
            outbox.count >= settings.max_in_flight or outbox.bytes >= settings.max_in_flight_bytes
        )


def _by_key(partitions: list[Any], key: bytes | None) -> Any:
    """Messages of one key go to one partition, those without go round."""
    return (_in_turn if key is None else hashing_partitioner)(partitions, key)


def _partitioner(given: Any) -> Any:
    if given is None:
        return _by_key
    return given() if isinstance(given, type) else given
