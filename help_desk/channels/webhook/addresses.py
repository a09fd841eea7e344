"""Which network addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All public IPv6 addresses (RFC 4291, section 2.4, and IANA's registry of the address space).
Loopback, local, multicast and discard-only addresses are not among them, nor those that stand for
IPv4 ones by mapping (::ffff:0:0/96) or translation (64:ff9b::/96 and 64:ff9b:1::/48, NAT64)."""

SPECIAL_PURPOSE = tuple(
    ip_network(network)
    for network in (
        # https://www.iana.org/assignments/iana-ipv4-special-registry, with the blocks that are
        # "globally reachable": their servers are anycast, so they may be in the host's network.
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # carriers' shared address space
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, with the metadata services of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunneling (AMT)
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "240.0.0.0/4",  # reserved, with the broadcast address
        # https://www.iana.org/assignments/multicast-addresses
        "224.0.0.0/4",
        # https://www.iana.org/assignments/iana-ipv6-special-registry, within GLOBAL_UNICAST
        "2001::/23",  # protocol assignments, with Teredo, which stands for IPv4
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which stands for IPv4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
        # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "168.63.129.16/32",  # Azure's host agent: a public address, reachable only from inside
    )
)


def is_public(address: str) -> bool:
    """Whether a numeric IPv4 or IPv6 address is public.

    Private, loopback, link-local, multicast, reserved and unspecified addresses are not, nor
    are IPv6 addresses that stand for an IPv4 address.
    """
    ip = ip_address(address)
    # `is_global` alone is not enough: its tables depend on the version of Python.
    if not ip.is_global or any(ip in network for network in SPECIAL_PURPOSE):
        return False
    return isinstance(ip, IPv4Address) or ip in GLOBAL_UNICAST
