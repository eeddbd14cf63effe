"""What went wrong, in one word and in a sentence."""

import re
import socket
import ssl

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError

from bridge.errors import ProtocolError
from bridge.sinks.mqtt.trouble import explain


def alert() -> ssl.SSLError:
    """An alert, as OpenSSL names it."""
    error = ssl.SSLError()
    error.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    return error


@pytest.mark.parametrize(
    ("error", "reason", "why"),
    [
        (ProtocolError("it greeted twice"), "protocol", "it does not keep to MQTT: it greeted twice"),
        (MqttConnectError(5), "refused", "refused"),
        (aiomqtt.MqttCodeError(4), "hung_up", "not currently connected"),
        (ssl.SSLCertVerificationError(), "tls", "set BRIDGE_MQTT__TLS_CA"),
        (alert(), "tls", "no TLS: it wants a client certificate"),
        (socket.gaierror(), "unreachable", "the host is not known"),
        (ConnectionRefusedError(), "unreachable", "nothing listens there"),
        (ConnectionResetError(), "hung_up", "it hung up"),
        (BrokenPipeError(), "hung_up", "it hung up"),
        (TimeoutError(), "timeout", r"no answer within 2\.5 s"),
        (ValueError("no such file"), "other", "no such file"),
        (OSError(), "other", "OSError"),
    ],
)
def test_each_failure_has_a_reason_to_be_counted_under_and_words(
    error: Exception, reason: str, why: str
) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "expired"

    trouble = explain(error, 2.5)

    assert trouble.reason == reason
    assert re.search(why, trouble.why)
