"""Who asks, as limits count them."""

from ipaddress import IPv6Address, ip_address

from flask import request

PREFIX = 64
"""Bits of an IPv6 address that tell customers apart: each has all the addresses below, to change at will."""


def client() -> str:
    """Return the network that this request comes from."""
    return network(request.remote_addr or "")


def network(address: str) -> str:
    """Return an IPv4 address as it is, of an IPv6 address the network that is one customer's.

    >>> network("192.0.2.7"), network("::ffff:192.0.2.7"), network("2001:db8:1:2:3:4:5:6")
    ('192.0.2.7', '192.0.2.7', '2001:db8:1:2::/64')
    """
    if ":" not in address:
        return address
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    rest = 128 - PREFIX
    return f"{IPv6Address(int(known) >> rest << rest)}/{PREFIX}"
