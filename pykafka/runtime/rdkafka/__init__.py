"""Fetching and sending with librdkafka, where it is asked for.

``library`` finds it; ``properties`` says options in its words; ``handle`` is one client of it;
``source`` and ``sink`` stand where the Python ones stand otherwise.
"""
