"""The StatsD listener: sockets, the PBX behind each sender, and the flush."""

from bridge.sources.statsd.doors import Doors
from bridge.sources.statsd.source import StatsdSource

__all__ = ["Doors", "StatsdSource"]
