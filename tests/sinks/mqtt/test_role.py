"""What a connection to a broker is for."""

from bridge.protocols.mqtt import announce
from bridge.sinks.mqtt.role import Role


def test_a_connection_without_a_purpose_hears_nothing_and_leaves_nothing() -> None:
    role = Role()

    assert role.filters == []
    assert role.will is None


def test_our_own_state_is_heard_first_since_a_late_last_will_must_be_contradicted() -> None:
    birth = announce("asterisk", online=True)

    role = Role(birth=birth, hears={"asterisk/bridge/request/+": lambda *_: None})

    assert role.filters == ["asterisk/bridge/state", "asterisk/bridge/request/+"]
