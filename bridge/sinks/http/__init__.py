"""The HTTP port: what is remembered, and pages."""

from bridge.sinks.http.entrance import HEAD_SIZE
from bridge.sinks.http.graphite import GraphiteSite
from bridge.sinks.http.page import Page, Surroundings
from bridge.sinks.http.sink import HttpSink
from bridge.sinks.http.site import STREAM, Site

__all__ = ["HEAD_SIZE", "STREAM", "GraphiteSite", "HttpSink", "Page", "Site", "Surroundings"]
