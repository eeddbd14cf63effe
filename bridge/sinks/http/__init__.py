"""The HTTP port: what is remembered, and pages."""

from bridge.sinks.http.entrance import HEAD_SIZE
from bridge.sinks.http.sink import HttpSink
from bridge.sinks.http.site import STREAM, Site

__all__ = ["HEAD_SIZE", "STREAM", "HttpSink", "Site"]
