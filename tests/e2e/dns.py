#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a DNS server for tests: answers from a table, on UDP.

usage: dns.py ADDRESS PORT TABLE

TABLE has lines `NAME TYPE VALUE`, TYPE one of A, AAAA, MX (`10 host`),
CNAME, TXT, `FAIL` (any question about NAME gets SERVFAIL; `FAIL AAAA`: one of
that type), `DROP` (no answer at all, likewise), or `TTL` (seconds, for NAME's
records; else 1). An MX of `.` is a null MX. A NAME `*.x` answers for every name below x that has no line of its own. The table is read
again for each question, so a test may change it at any time. A name that is
nowhere gets NXDOMAIN.
"""
import ipaddress
import signal
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
TTL_SECS = 1


def read_table(path):
    table = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split(None, 2)
            if len(words) < 2 or words[0].startswith("#"):
                continue
            value = words[2].strip() if len(words) == 3 else ""
            table.setdefault(words[0].lower(), []).append((words[1], value))
    return table


def encode_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(l)]) + l.encode("ascii") for l in labels) + b"\0"


def encode_value(kind, value):
    if kind == "MX":
        preference, host = value.split()
        return struct.pack("!H", int(preference)) + encode_name(host)
    if kind == "CNAME":
        return encode_name(value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode("ascii")
    return ipaddress.ip_address(value).packed


def find(table, name):
    """The records of a name, those of a wildcard above it, or None."""
    if name in table:
        return table[name]
    labels = name.split(".")
    for cut in range(1, len(labels)):
        above = ".".join(labels[cut:])
        if "*." + above in table:
            return table["*." + above]
        if above in table:
            break
    if any(known.endswith("." + name) for known in table):
        return []
    return None


def is_marked(records, mark, wanted):
    return any(kind == mark and (value == "" or TYPES.get(value) == wanted)
               for kind, value in records)


def ttl_of(table, owner):
    for kind, value in find(table, owner) or []:
        if kind == "TTL":
            return int(value)
    return TTL_SECS


def collect(table, name, wanted):
    """Follows aliases; gives (return code, [(owner, kind, value)])."""
    answers = []
    for _ in range(8):
        records = find(table, name)
        if records is None:
            return (NXDOMAIN, answers)
        if is_marked(records, "DROP", wanted):
            return (None, [])
        if is_marked(records, "FAIL", wanted):
            return (SERVFAIL, [])
        answers += [(name, kind, value) for kind, value in records
                    if TYPES.get(kind) == wanted or kind == "CNAME"]
        alias = [value for kind, value in records if kind == "CNAME"]
        if not alias or wanted == TYPES["CNAME"]:
            return (NOERROR, answers)
        name = alias[0].lower().rstrip(".")
    return (SERVFAIL, [])


def parse_question(packet):
    """Gives (name, type, end of the question section)."""
    labels, at = [], 12
    while packet[at] != 0:
        length = packet[at]
        labels.append(packet[at + 1:at + 1 + length].decode("latin-1"))
        at += 1 + length
    (kind, _) = struct.unpack_from("!HH", packet, at + 1)
    return (".".join(labels).lower(), kind, at + 5)


def respond(packet, table):
    name, wanted, end = parse_question(packet)
    code, answers = collect(table, name, wanted)
    if code is None:
        return None
    ident, flags = struct.unpack_from("!HH", packet)
    body = b""
    for owner, kind, value in answers:
        data = encode_value(kind, value)
        body += encode_name(owner)
        body += struct.pack("!HHIH", TYPES[kind], 1, ttl_of(table, owner),
                            len(data)) + data
    # QR and RA set, opcode and RD as asked; authoritative.
    reply_flags = 0x8480 | (flags & 0x7900) | code
    header = struct.pack("!HHHHHH", ident, reply_flags, 1, len(answers), 0, 0)
    return header + packet[12:end] + body


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((sys.argv[1], int(sys.argv[2])))
    while True:
        packet, peer = sock.recvfrom(4096)
        try:
            reply = respond(packet, read_table(sys.argv[3]))
            if reply is not None:
                sock.sendto(reply, peer)
        except (IndexError, struct.error, ValueError) as err:
            print("dns.py: bad question or table: %s" % err, file=sys.stderr)


if __name__ == "__main__":
    main()
