"""SNMP: polls res_snmp of one PBX, and any further object of the same agent."""

from bridge.sources.snmp.source import SnmpSource

__all__ = ["SnmpSource"]
