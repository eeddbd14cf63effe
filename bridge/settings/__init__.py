"""Settings: the models of all sections, and the URLs that they allow."""

from bridge.settings.models import (
    AmiSettings,
    ConsoleSettings,
    GraphiteSettings,
    HttpSettings,
    LogSettings,
    MqttSettings,
    PbxSettings,
    PbxStatsdSettings,
    Settings,
    SnmpSettings,
    StatsdSettings,
    StatsdSinkSettings,
)
from bridge.settings.types import GRAPHITE_SCHEMES, MQTT_SCHEMES, STATSD_OUT_SCHEMES, STATSD_SCHEMES

__all__ = [
    "GRAPHITE_SCHEMES",
    "MQTT_SCHEMES",
    "STATSD_OUT_SCHEMES",
    "STATSD_SCHEMES",
    "AmiSettings",
    "ConsoleSettings",
    "GraphiteSettings",
    "HttpSettings",
    "LogSettings",
    "MqttSettings",
    "PbxSettings",
    "PbxStatsdSettings",
    "Settings",
    "SnmpSettings",
    "StatsdSettings",
    "StatsdSinkSettings",
]
