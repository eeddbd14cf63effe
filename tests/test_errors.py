"""Errors carry what happened in fields, and say it in words."""

from bridge.errors import Fault, SettingsError


def test_a_fault_names_the_place_the_value_and_what_to_do() -> None:
    fault = Fault("BRIDGE_PBX__HQ__SNMP__PORT", "'abc' is not a number", "write a port from 1 to 65535")

    assert str(fault) == ("BRIDGE_PBX__HQ__SNMP__PORT: 'abc' is not a number (write a port from 1 to 65535)")


def test_bad_settings_list_every_fault() -> None:
    error = SettingsError([Fault("A", "is wrong"), Fault("B", "is wrong too")])

    assert str(error) == "A: is wrong\nB: is wrong too"
