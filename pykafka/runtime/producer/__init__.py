"""Producing: messages are queued per partition by users' threads and sent by the I/O thread.

:mod:`.production` accounts for every message; it hands lanes to a :class:`~.sink.RecordSink` and
knows nothing of how that sends them.
"""
