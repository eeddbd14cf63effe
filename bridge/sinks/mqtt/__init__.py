"""MQTT as a sink."""

from bridge.sinks.mqtt.sink import MqttSink

__all__ = ["MqttSink"]
