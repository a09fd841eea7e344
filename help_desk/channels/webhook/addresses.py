"""Which network addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All public IPv6 addresses (RFC 4291, section 2.4, and IANA's registry). Addresses that stand for
IPv4 ones by mapping (::ffff:0:0/96) or translation (64:ff9b::/96 and 64:ff9b:1::/48, NAT64) are
not among them."""

NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        # Global according to `is_global` of at least one supported Python version.
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "168.63.129.16/32",  # Azure's host agent: a public address, reachable only from inside
        "2001::/23",  # protocol assignments, with Teredo (RFC 4380), which stands for IPv4
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056), which stands for IPv4
        "3fff::/20",  # documentation (RFC 9637)
    )
)


def is_public(address: str) -> bool:
    """Whether a numeric IPv4 or IPv6 address is public.

    Private, loopback, link-local, multicast, reserved and unspecified addresses are not, nor
    are IPv6 addresses that stand for an IPv4 address.
    """
    ip = ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved or _is_excluded(ip):
        return False
    return isinstance(ip, IPv4Address) or ip in GLOBAL_UNICAST


def _is_excluded(ip: IPv4Address | IPv6Address) -> bool:
    return any(ip in network for network in NOT_PUBLIC if network.version == ip.version)
