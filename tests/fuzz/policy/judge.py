"""The judge of addresses: what Python's ipaddress and this system's getaddrinfo make of texts.

Reads a line of JSON per batch, a list of [host, name or null], and writes one: a list of
[address in hex or null, flags, what getaddrinfo makes of the host, what it makes of the name].
AI_NUMERICHOST: no name is ever asked for.
"""
import ipaddress
import json
import socket
import sys


def read(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None, 0
    if getattr(address, "scope_id", None) is not None:
        return "zone", 0
    packed = address.packed.hex()
    # Of an IPv4 address in IPv6 clothes, older Pythons only see the clothes.
    address = getattr(address, "ipv4_mapped", None) or address
    flags = (
        address.is_multicast
        | address.is_reserved << 1
        | address.is_unspecified << 2
        | address.is_loopback << 3
        | address.is_link_local << 4
    )
    return packed, flags


def resolved(text):
    if text is None or text == "" or len(text) > 1000 or "\0" in text:
        return None
    try:
        host = text.encode("utf-8")
        found = socket.getaddrinfo(host, 0, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    family, _, _, _, name = found[0]
    address = name[0].partition("%")[0]
    return socket.inet_pton(family, address).hex()


for line in sys.stdin:
    answers = [[*read(host), resolved(host), resolved(name)] for host, name in json.loads(line)]
    sys.stdout.write(json.dumps(answers, separators=(",", ":")) + "\n")
    sys.stdout.flush()
