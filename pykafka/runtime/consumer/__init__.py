"""Consuming: records come in on the I/O thread, are decoded and handed over on the user's.

:mod:`.consumption` holds positions and hands messages over; it takes runs of rows from a
:class:`~.source.RecordSource`, knows a membership and an offset store, and nothing of how
any of them works.
"""
