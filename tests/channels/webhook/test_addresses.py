"""Which network addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from help_desk.channels.webhook.addresses import is_public

# Every entry of IANA's two registries of special-purpose addresses, "globally reachable" or not:
# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry.
SPECIAL_PURPOSE = [
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32"),
    *("192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24"),
    *("192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16"),
    *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("240.0.0.0/4", "255.255.255.255/32"),
    *("::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
    *("100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128"),
    *("2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28"),
    *("2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"),
    *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
]
OTHER = [
    "224.0.0.0/4",  # multicast
    "ff00::/8",
    "fec0::/10",  # site-local, deprecated
    "::/96",  # IPv4-compatible, deprecated
    "4000::/3",  # not assigned
    "168.63.129.16/32",  # Azure's host agent
]


@pytest.mark.parametrize("network", [*SPECIAL_PURPOSE, *OTHER])
def test_special_purpose_network_is_not_public(network: str) -> None:
    block = ip_network(network)
    for address in (block[0], block[block.num_addresses // 2], block[-1]):
        assert not is_public(str(address))


def test_rule_does_not_depend_on_the_tables_of_the_python_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # They differ between 3.11, 3.12 and 3.13, and between their patch releases.
    for version in (IPv4Address, IPv6Address):
        for name in ("is_global", "is_private", "is_reserved", "is_multicast"):
            monkeypatch.setattr(version, name, name == "is_global")
    blocks = [ip_network(network) for network in (*SPECIAL_PURPOSE, *OTHER)]
    assert [str(block) for block in blocks if is_public(str(block[-1]))] == []


@pytest.mark.parametrize(
    "address",
    [
        *("192.0.0.192", "169.254.169.254", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "::8.8.8.8"),
        *("::ffff:0:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "fd00:ec2::254", "fe80::1%2"),
    ],
)
def test_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:400a::1"),
        # The neighbors of networks that are not public.
        *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
        *("126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255"),
        *("169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0"),
        *("192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255", "192.52.194.0"),
        *("192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0"),
        *("192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255"),
        *("198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255"),
        *("2000:ffff::1", "2001:200::", "2001:db7:ffff::1", "2001:db9::", "2001:ffff::1"),
        *("2003::", "2620:4f:7fff::1", "2620:4f:8001::", "3ffe:ffff::1", "3fff:1000::"),
    ],
)
def test_public_address(address: str) -> None:
    assert is_public(address)
