"""StatsD is sent and heard."""

import socket

import pytest

from tests.cli.calling import Run


@pytest.mark.parametrize(
    ("value", "kind", "packet"),
    [
        ("2", "c", b"shop.orders:2|c"),
        ("2.5", "g", b"shop.orders:2.5|g"),
        ("+1", "g", b"shop.orders:+1|g"),
        ("-1", "g", b"shop.orders:-1|g"),
        ("320", "ms", b"shop.orders:320|ms"),
        ("blue", "s", b"shop.orders:blue|s"),
    ],
)
def test_a_metric_that_is_sent_arrives(run: Run, value: str, kind: str, packet: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        at = f"udp://127.0.0.1:{server.getsockname()[1]}"

        result = run("send", "--type", kind, "--at", at, "shop.orders", value)

        assert result == (0, "", "")
        assert server.recv(100).startswith(packet.removesuffix(b"|ms"))


def test_what_is_not_a_number_is_not_sent(run: Run) -> None:
    result = run("send", "shop.orders", "many")

    assert result.code == 2
    assert "Invalid value for VALUE: 'many' is not a number" in result.err


@pytest.mark.parametrize("at", ["tcp://127.0.0.1:8125", "8125"])
def test_only_udp_can_be_sent_to(run: Run, at: str) -> None:
    result = run("send", "shop.orders", "2", "--at", at)

    assert result.code == 2
    assert result.err.startswith(f"--at: '{at}' must begin with udp://")


def test_where_the_bridge_does_not_listen_on_udp_an_address_must_be_named(run: Run) -> None:
    result = run("listen", BRIDGE_STATSD__LISTEN="tcp://127.0.0.1:8125")

    assert result.code == 2
    assert result.err == "BRIDGE_STATSD__LISTEN: has no udp:// address (name one with --at)\n"
