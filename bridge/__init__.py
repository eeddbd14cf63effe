"""asterisk-bridge: one truth from SNMP, AMI and StatsD of Asterisk, for Graphite, MQTT and Prometheus."""

__version__ = "0.1.0"
