"""MQTT as a sink."""

from bridge.sinks.mqtt.alerts import AlertSink, Answer, Board
from bridge.sinks.mqtt.home import Home
from bridge.sinks.mqtt.sink import MqttSink
from bridge.sinks.mqtt.sparkplug import SparkplugSink, edge_node

__all__ = ["AlertSink", "Answer", "Board", "Home", "MqttSink", "SparkplugSink", "edge_node"]
