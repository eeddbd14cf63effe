"""Which PBX a packet belongs to, by the address that it came from."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

DEFAULT = "default"
"""The PBX of packets that no PBX claims, and of all that comes through a unix socket."""
LOCAL = ""
"""The address of a sender behind a unix socket."""
Packet = tuple[bytes, str]
"""What came in at once, and the address of its sender."""
REMEMBERED = 4096
"""How many addresses are remembered."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Senders:
    """Whom packets come from.

    An IPv4 address in IPv6 form (::ffff:10.0.0.5) is the IPv4 address, and scope ids do not count.

    Args:
        claims: the addresses and networks of each PBX.
        allow: the addresses and networks that may send at all; nothing stands for everyone.
        refuse_unknown: refuse addresses that no PBX claims.

    Attributes:
        are_all_equal: nothing depends on the address of a sender.
    """

    def __init__(
        self,
        claims: Mapping[str, tuple[str, ...]],
        allow: tuple[str, ...] = (),
        *,
        refuse_unknown: bool = False,
    ) -> None:
        self._claims = [(network, pbx) for pbx, texts in claims.items() for network in _networks(texts)]
        self._allow = _networks(allow)
        self._refuse_unknown = refuse_unknown
        self.are_all_equal = not (claims or allow or refuse_unknown)
        self.pbx = lru_cache(REMEMBERED)(self._pbx)

    def _pbx(self, sender: str) -> str | None:
        """The PBX of a sender, None if the sender is refused."""
        if sender == LOCAL:
            return DEFAULT
        address = _address(sender)
        if self._allow and not _holds(self._allow, address):
            return None
        for network, pbx in self._claims:
            if address in network:
                return pbx
        return None if self._refuse_unknown else DEFAULT


def _networks(texts: Iterable[str]) -> list[Network]:
    return [_plain_network(ipaddress.ip_network(text)) for text in texts]


def _plain_network(network: Network) -> Network:
    if network.version == 6 and network.prefixlen >= 96 and (mapped := network.network_address.ipv4_mapped):
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _address(text: str) -> Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if address.version == 6 else address


def _holds(networks: Iterable[Network], address: Address) -> bool:
    return any(address in network for network in networks)
