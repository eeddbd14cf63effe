"""What TLS alerts mean to the user: the other side does not say more than one word."""

ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants a client certificate",
    "CERTIFICATE_REVOKED": "it says that our client certificate is revoked",
    "CERTIFICATE_EXPIRED": "it says that our client certificate has expired",
    "UNKNOWN_CA": "it does not know the CA of our client certificate",
    "BAD_CERTIFICATE": "it does not like our client certificate",
    "CERTIFICATE_UNKNOWN": "it does not like our client certificate",
    "HANDSHAKE_FAILURE": "it shares no way of TLS with us, or wants a client certificate",
    "PROTOCOL_VERSION": "it speaks no TLS that we trust: 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS that we trust: 1.2 or newer",
    "WRONG_VERSION_NUMBER": "it does not speak TLS; is it the port for TLS?",
    "RECORD_LAYER_FAILURE": "it does not speak TLS; is it the port for TLS?",
    "UNEXPECTED_EOF_WHILE_READING": "it hung up; is it the port for TLS, does it want a client certificate?",
}
"""The end of OpenSSL's name for a failure (RFC 8446, section 6), and what to tell of it."""


def meaning(failure: str) -> str:
    """What OpenSSL's name for a failure means, such as `TLSV1_ALERT_UNKNOWN_CA`, or itself."""
    return next((words for end, words in ALERTS.items() if failure.endswith(end)), failure)
