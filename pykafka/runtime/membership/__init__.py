"""Membership of groups: the member's own thread, and the two ways in which groups are coordinated.

``member`` runs either; ``broker`` and ``zookeeper`` are the ways. What is decided, and not how
it is carried out, stands in :mod:`pykafka.core`.
"""
