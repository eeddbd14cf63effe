"""A process that floods a port on loopback over UDP for some seconds, and prints how many datagrams it sent.

python tests/sources/statsd/flood.py PORT SECONDS
"""

import socket
import sys
import time

LINES = 10
"""Lines of a datagram: to take it costs several times what it costs to send it."""
PACKET = b"\n".join(b"flood.calls%d:1|c" % number for number in range(LINES))
ROUND = 1000


def flood(port: int, seconds: float) -> int:
    """Send as fast as it goes; return how many datagrams left this process."""
    sent = 0
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.connect(("127.0.0.1", port))
        while time.monotonic() < end:
            for _ in range(ROUND):
                opened.send(PACKET)
            sent += ROUND
    return sent


if __name__ == "__main__":
    sys.stdout.write(str(flood(int(sys.argv[1]), float(sys.argv[2]))))
