"""Command lines: ``pykafka`` (:mod:`.__main__`) and 2.x's ``kafka-tools`` (:mod:`.kafka_tools`)."""
