"""Graphite in the box: samples in whisper files of our own, which Grafana reads by the HTTP port."""

from bridge.sinks.store.archive import Archive
from bridge.sinks.store.files import Recipe
from bridge.sinks.store.shelf import Recipes
from bridge.sinks.store.sink import StoreSink

__all__ = ["Archive", "Recipe", "Recipes", "StoreSink"]
