"""Why there is no connection to a broker, and what to do about it."""

import socket
import ssl
from typing import NamedTuple

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from bridge.errors import ProtocolError
from bridge.protocols.alerts import meaning
from bridge.protocols.mqtt import HUNG_UP, REASONS


class Trouble(NamedTuple):
    """What went wrong.

    Attributes:
        reason: one word, under which it is counted.
        why: what to tell the user.
    """

    reason: str
    why: str


def explain(error: BaseException, timeout: float) -> Trouble:
    """What went wrong, from what was raised; `timeout` is how long the broker had, in seconds."""
    # aiomqtt wraps what happened in an MqttError "from None", which hides the cause but keeps it.
    cause = error.__context__ if type(error) is aiomqtt.MqttError and error.__context__ else error
    match cause:
        case ProtocolError():
            hint = "is it a broker, and does it speak BRIDGE_MQTT__VERSION?"
            trouble = Trouble("protocol", f"it does not keep to MQTT: {cause}; {hint}")
        case aiomqtt.MqttCodeError():
            trouble = _said(cause)
        case ssl.SSLError():
            trouble = Trouble("tls", _distrust(cause))
        case socket.gaierror():
            trouble = Trouble("unreachable", "the host is not known; check BRIDGE_MQTT__URL")
        case ConnectionRefusedError():
            why = "nothing listens there; check host and port in BRIDGE_MQTT__URL, and that it runs"
            trouble = Trouble("unreachable", why)
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            trouble = Trouble("hung_up", HUNG_UP)
        case TimeoutError():
            trouble = Trouble("timeout", f"no answer within {timeout:g} s (BRIDGE_MQTT__TIMEOUT)")
        case _:
            trouble = Trouble("other", str(cause) or type(cause).__name__)
    return trouble


def _distrust(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {error.verify_message}; set BRIDGE_MQTT__TLS_CA to the CA "
            "that signed it, or BRIDGE_MQTT__TLS_SERVER_NAME to the name that it holds"
        )
    return f"no TLS: {meaning(error.reason or str(error))}; see BRIDGE_MQTT__URL and BRIDGE_MQTT__TLS_CERT"


def _said(error: aiomqtt.MqttCodeError) -> Trouble:
    """A reason code of the broker, or one that paho made up for the end of a connection."""
    why = REASONS.get(getattr(error.rc, "value", 0), str(error))
    return Trouble("refused" if isinstance(error, MqttConnectError) else "hung_up", why)
