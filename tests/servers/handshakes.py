"""A stand-in for a server with TLS, for handshakes that the real ones cannot be told to make."""

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.servers.mosquitto import Authority


def presenting(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server that shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def outdated(authority: Authority) -> ssl.SSLContext:
    """A server that knows TLS 1.0 and 1.1 only."""
    context = presenting(*authority.issue("127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@contextlib.contextmanager
def shaking_hands(context: ssl.SSLContext | None) -> Iterator[int]:
    """The port of a server that shakes hands once and listens; without a context it says something else."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                if context:
                    client = context.wrap_socket(client, server_side=True)
                else:
                    client.sendall(b"220 not the port you mean\r\n")
                with client:
                    while client.recv(65_536):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()
