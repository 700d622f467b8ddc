"""A fast Kafka client in pure Python, for Kafka 0.8.2 and newer."""

__version__ = "3.0.0.dev0"
