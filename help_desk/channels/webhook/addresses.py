"""Which addresses on the network the help desk may post to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out for the public network (RFC 4291, section 2.4, and IANA's
registry); what leads to IPv4 by mapping (::ffff:0:0/96) or translation (64:ff9b::/96 and
64:ff9b:1::/48, NAT64) lies outside."""

REFUSED = tuple(
    ip_network(network)
    for network in (
        # What Python's `is_global` lets pass, or did in some versions that we support.
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "168.63.129.16/32",  # the agent of Azure's hosts: a public number, a private place
        "2001::/23",  # protocols' own, Teredo among them (RFC 4380), which leads to IPv4
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056), which leads to IPv4
        "3fff::/20",  # documentation (RFC 9637)
    )
)


def is_public(address: str) -> bool:
    """Say whether an address is one of the public network and nothing else.

    Args:
        address: An IPv4 or IPv6 address in numbers, as `socket.getaddrinfo` gives it.

    Returns:
        False for private, loopback, link-local, multicast, reserved and unspecified
        addresses, and for IPv6 addresses that stand for an IPv4 address.

    Raises:
        ValueError: It is no address.
    """
    ip = ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved or _is_special(ip):
        return False
    return isinstance(ip, IPv4Address) or ip in GLOBAL_UNICAST


def _is_special(ip: IPv4Address | IPv6Address) -> bool:
    return any(ip in network for network in REFUSED if network.version == ip.version)
