"""What to trust of a broker, and what to show to it."""

import ssl
from typing import Any

from bridge.settings import MqttSettings


class _Context(ssl.SSLContext):
    """Lets the name to ask for and to verify differ from the host, which paho does not."""

    server_name = ""

    def wrap_socket(self, sock: Any, *_: Any, server_hostname: Any = None, **__: Any) -> ssl.SSLSocket:
        """Shake hands at once; a handshake that fails closes the socket."""
        return super().wrap_socket(sock, server_hostname=self.server_name or server_hostname)


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """What to trust and what to show, read anew for each connection: certificates are renewed.

    Raises:
        ValueError: a file cannot be used.
    """
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.server_name = settings.tls_server_name
    if settings.tls_alpn:
        context.set_alpn_protocols([settings.tls_alpn])
    if settings.insecure_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if settings.tls_ca:
            context.load_verify_locations(settings.tls_ca)
        else:
            context.load_default_certs()
        if settings.tls_cert:
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise ValueError(f"a file of BRIDGE_MQTT__TLS_CA, _CERT or _KEY is of no use: {error}") from error
    return context
