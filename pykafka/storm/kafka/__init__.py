"""Kafka in a topology: the spout that reads it, the bolt that writes it.

``tracker`` decides what may be committed and what is emitted again, and knows neither clock nor
thread; ``intake`` comes by messages on threads of its own; ``engine`` drives both from whatever
runs the spout, which is ``spout`` for this package's components, and ``adapters`` for others'.
"""
