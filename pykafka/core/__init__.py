"""Decisions: pure functions, small state holders and control procedures.

Nothing here knows a socket, a thread, a clock or a random number. A control procedure is
a generator that yields what it needs (:mod:`pykafka.core.effects`); :mod:`pykafka.runtime`
runs it, and a test runs it with a script.
"""
