"""Sockets: addresses, TLS, connections, the pool of them, the ZooKeeper session.

Nothing here decides what is said over a connection, and nothing makes a thread or a lock:
both come from :mod:`pykafka.runtime` through :class:`pykafka.net.reactor.Reactor`.
"""
