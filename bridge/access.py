"""What the bridge must be allowed at an MQTT broker, by the settings in force."""

from collections.abc import Iterator

from bridge.core.endpoint import parse
from bridge.protocols import homeassistant_ids, sparkplug
from bridge.protocols.mqtt import acl
from bridge.protocols.mqtt_alerts import request_topic
from bridge.settings import MQTT_SCHEMES, Settings
from bridge.sinks.mqtt import edge_node


def access_list(settings: Settings, username: str = "") -> str:
    """The access list for mosquitto (`acl_file`) that allows what these settings do, and nothing else.

    Args:
        settings: those in force.
        username: the user as which the bridge logs in; by default that of the settings.
    """
    mqtt = settings.mqtt
    user = username or mqtt.username or (parse(mqtt.url, MQTT_SCHEMES).username if mqtt.url else "")
    return acl(mqtt.prefix, user, _others(settings))


def _others(settings: Settings) -> Iterator[str]:
    """Lines for what is done beside publishing below the prefix."""
    mqtt, alerts = settings.mqtt, settings.alerts
    if alerts.enabled and alerts.commands:
        yield f"topic read {request_topic(mqtt.prefix, '+')}"
    if mqtt.homeassistant:
        yield from homeassistant_ids.access(mqtt.homeassistant_prefix, mqtt.prefix)
    if mqtt.sparkplug:
        yield from sparkplug.access(edge_node(mqtt.sparkplug_group, mqtt.sparkplug_node))
