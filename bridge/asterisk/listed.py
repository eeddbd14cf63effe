"""What a reply lists."""

from bridge.asterisk.actions import Action
from bridge.asterisk.model import Replies
from bridge.protocols.ami import AmiMessage


def items(replies: Replies, action: Action, event: str) -> list[AmiMessage]:
    """The items of a list that are of one kind, since some lists mix several; none if it was not answered."""
    return [item for item in replies[action].items if item.event == event] if action in replies else []
