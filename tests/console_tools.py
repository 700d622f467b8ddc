"""How the console tools of each release of Kafka are called, and what text they take."""

from __future__ import annotations

from pykafka.embedded import EmbeddedKafka

__all__ = ["characters", "encoding", "in_consumer", "in_producer", "with_formatter", "with_reader"]


def in_producer(kafka: EmbeddedKafka) -> list[str]:
    """Where the console producer finds the cluster."""
    option = "--broker-list" if kafka.release.number < (2, 5) else "--bootstrap-server"
    return [option, kafka.bootstrap]


def in_consumer(kafka: EmbeddedKafka) -> list[str]:
    """Where the console consumer finds the cluster."""
    if kafka.release.number < (0, 10, 1):
        return ["--zookeeper", str(kafka.zookeeper)]
    return ["--bootstrap-server", kafka.bootstrap]


def with_reader(kafka: EmbeddedKafka, setting: str) -> list[str]:
    """Sets something of how the console producer reads its lines."""
    return ["--reader-property" if _has_new_names(kafka) else "--property", setting]


def with_formatter(kafka: EmbeddedKafka, setting: str) -> list[str]:
    """Sets something of how the console consumer prints."""
    return ["--formatter-property" if _has_new_names(kafka) else "--property", setting]


def encoding(kafka: EmbeddedKafka) -> list[str]:
    """What makes a tool's Java hand on what it is given as it is.

    Before 0.11 the tools use the machine's encoding, and with a one-byte encoding all bytes
    pass; then they take everything for UTF-8.
    """
    return [f"-Dfile.encoding={'ISO-8859-1' if _takes_bytes(kafka) else 'UTF-8'}"]


def characters(kafka: EmbeddedKafka) -> list[bytes]:
    """What a line can be made of: all bytes but the ends of lines, or text of all lengths."""
    if _takes_bytes(kafka):
        every = [bytes([number]) for number in range(256)]
    else:
        every = [chr(number).encode() for number in (*range(256), 0x7FF, 0x20AC, 0x1F600)]
    return [character for character in every if character not in b"\r\n"]


def _has_new_names(kafka: EmbeddedKafka) -> bool:
    # Before the old ones a warning comes, on the standard output (KIP-1147).
    return kafka.release.number >= (4, 2)


def _takes_bytes(kafka: EmbeddedKafka) -> bool:
    return kafka.release.number < (0, 11)
