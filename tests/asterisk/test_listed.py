"""What a reply lists."""

from bridge.asterisk import actions
from bridge.asterisk.listed import items
from tests.asterisk.recorded import reply


def test_only_items_of_the_kind_that_is_asked_for() -> None:
    """The list of registrations brings secrets along, as items of another kind."""
    replies = {actions.REGISTRATIONS: reply("22/PJSIPShowRegistrationsOutbound")}

    found = items(replies, actions.REGISTRATIONS, "OutboundRegistrationDetail")

    assert [item.get("ObjectName") for item in found] == ["register-101", "register-refused"]


def test_what_was_not_answered_lists_nothing() -> None:
    assert items({}, actions.REGISTRATIONS, "OutboundRegistrationDetail") == []
