"""Settings: the models of all sections, and the URLs that they allow."""

from bridge.settings.alerts import AlertsSettings, ScheduleSettings
from bridge.settings.models import (
    AmiSettings,
    LogSettings,
    PbxSettings,
    PbxStatsdSettings,
    Settings,
    SnmpSettings,
    StatsdSettings,
)
from bridge.settings.privacy import PrivacySettings
from bridge.settings.rules import GivenSettings, RuleSettings
from bridge.settings.sinks import (
    ConsoleSettings,
    GraphiteSettings,
    HttpSettings,
    MqttSettings,
    SpoolSettings,
    StatsdSinkSettings,
)
from bridge.settings.store import StoreSettings
from bridge.settings.types import GRAPHITE_SCHEMES, MQTT_SCHEMES, STATSD_OUT_SCHEMES, STATSD_SCHEMES

__all__ = [
    "GRAPHITE_SCHEMES",
    "MQTT_SCHEMES",
    "STATSD_OUT_SCHEMES",
    "STATSD_SCHEMES",
    "AlertsSettings",
    "AmiSettings",
    "ConsoleSettings",
    "GivenSettings",
    "GraphiteSettings",
    "HttpSettings",
    "LogSettings",
    "MqttSettings",
    "PbxSettings",
    "PbxStatsdSettings",
    "PrivacySettings",
    "RuleSettings",
    "ScheduleSettings",
    "Settings",
    "SnmpSettings",
    "SpoolSettings",
    "StatsdSettings",
    "StatsdSinkSettings",
    "StoreSettings",
]
