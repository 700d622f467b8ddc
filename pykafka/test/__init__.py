"""2.x's import path for real clusters in tests; what it stands on is :mod:`pykafka.embedded`."""
