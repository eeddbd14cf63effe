"""What the simulated PBX sends over StatsD: the buckets of Asterisk's modules, and two of its dialplan."""

import contextlib
import socket
from collections.abc import Iterable, Iterator

from bridge.demo.pbx import Happening, Pbx

CONTACT_STATES = ("Unreachable", "Reachable", "Unknown", "NonQualified", "Removed")
REGISTRATION_STATES = ("Registered", "Unregistered", "Rejected")


def announcement(pbx: Pbx) -> Iterator[str]:
    """The gauges from zero, as modules send them when they load, and then what there is now."""
    for state in CONTACT_STATES:
        yield f"PJSIP.contacts.states.{state}:0|g"
    for contact in pbx.contacts.values():
        yield f"PJSIP.contacts.states.{contact.status}:+1|g"
    yield "PJSIP.registrations.count:0|g"
    for state in REGISTRATION_STATES:
        yield f"PJSIP.registrations.state.{state}:0|g"
    yield "PJSIP.registrations.count:+1|g"
    yield "PJSIP.registrations.state.Registered:+1|g"
    yield "channels.count:0|g"
    yield f"channels.count:+{len(pbx.channels)}|g"


def packets(happening: Happening) -> Iterator[str]:
    """What is sent when something happens; one packet each, as Asterisk does it."""
    fields, channel, contact = happening.fields, happening.channel, happening.contact
    match happening.event:
        case "Newchannel":
            yield "channels.count:+1|g"
        case "Hangup" if channel:
            yield "channels.count:-1|g"
            yield f"channels.calltime:{(happening.time - channel.created) * 1000:.0f}|ms"
            yield f"hangupcause.{fields['Cause']}:1|c"
        case "DialEnd":
            yield f"dialstatus.{fields['DialStatus']}:1|c"
        case "Qualified" if contact:
            rtt = -1 if contact.rtt is None else int(contact.rtt * 1000)
            yield f"PJSIP.contacts.{contact.id}.rtt:{rtt}|ms"
        case "ContactStatus" if contact:
            other = "Unreachable" if contact.status == "Reachable" else "Reachable"
            yield f"PJSIP.contacts.states.{other}:-1|g"
            yield f"PJSIP.contacts.states.{contact.status}:+1|g"


class StatsdSender:
    """Sends over UDP to a listener on loopback; when that was away, it announces everything again.

    Args:
        pbx: whose state is announced.
        port: of the listener.
    """

    def __init__(self, pbx: Pbx, port: int) -> None:
        self._pbx = pbx
        self._announced = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(("127.0.0.1", port))

    def publish(self, happenings: Iterable[Happening]) -> None:
        """Send what happened, or first of all what there is."""
        if self._announced:
            lines = (line for happening in happenings for line in packets(happening))
            self._announced = self._send(lines)
        else:
            self._announced = self._send(announcement(self._pbx))

    def close(self) -> None:
        """Send no more."""
        self._socket.close()

    def _send(self, lines: Iterable[str]) -> bool:
        """Whether the listener is there: the kernel refuses what follows a packet that nobody took."""
        try:
            for line in lines:
                with contextlib.suppress(BlockingIOError):
                    self._socket.send(line.encode())
        except ConnectionRefusedError:
            return False
        return True
