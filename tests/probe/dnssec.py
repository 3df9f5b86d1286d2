#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: what DNSSEC secures is told as secure, and nothing else is.

Signs two zones with Ed25519 (RFC 8080) by openssl, serves them, and gives
their keys as trust anchors.
"""
import base64
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import tap

sys.path.insert(0, os.path.join(tap.TOP, "tests", "e2e"))
import dns  # noqa: E402

DNSKEY, RRSIG, OPT, TTL = 48, 46, 41, 60
RECORDS = {
    ("signed.test", "MX"): ["10 mx.signed.test"],
    ("mx.signed.test", "A"): ["127.9.9.1"],
    ("mx.signed.test", "AAAA"): ["::1"],
    # the records were changed after they were signed
    ("forged.signed.test", "MX"): ["10 mx.signed.test"],
    ("half.signed.test", "MX"): ["10 mx.plain.test"],
    ("plain.test", "MX"): ["10 mx.plain.test"],
    ("mx.plain.test", "A"): ["127.9.9.2"],
}


class Zone:
    def __init__(self, name):
        self.name = name
        self.folder = tempfile.TemporaryDirectory()
        self.key = os.path.join(self.folder.name, "key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        self.key], check=True)
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.key, "-pubout", "-outform",
             "DER"], check=True, capture_output=True).stdout
        self.public = der[-32:]
        self.rdata = struct.pack("!HBB", 257, 3, 15) + self.public

    def tag(self):
        total = sum(b << 8 if i % 2 == 0 else b
                    for i, b in enumerate(self.rdata))
        return (total + (total >> 16)) & 0xFFFF

    def sign(self, name, kind, rdatas):
        """RDATA of the RRSIG over a set (RFC 4034 3.1.8.1)."""
        now = int(time.time())
        head = struct.pack(
            "!HBBIIIH", kind, 15, len(name.split(".")), TTL, now + 86400,
            now - 86400, self.tag()) + dns.encode_name(self.name)
        data = head
        for rdata in sorted(rdatas):
            data += dns.encode_name(name) + struct.pack(
                "!HHIH", kind, 1, TTL, len(rdata)) + rdata
        path = os.path.join(self.folder.name, "data")
        with open(path, "wb") as f:
            f.write(data)
        return head + subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", self.key, "-rawin",
             "-in", path], check=True, capture_output=True).stdout

    def anchor(self):
        return "%s. 3600 IN DNSKEY 257 3 15 %s\n" % (
            self.name, base64.b64encode(self.public).decode())


class Server:
    """Answers from RECORDS; signs what is below the zone."""

    def __init__(self, zone):
        self.zone = zone
        self.asked_key = 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def records(self, name, kind):
        if kind == DNSKEY and self.zone and name == self.zone.name:
            self.asked_key += 1
            return [self.zone.rdata]
        words = {v: k for k, v in dns.TYPES.items()}.get(kind)
        return [dns.encode_value(words, v)
                for v in RECORDS.get((name, words), [])]

    def answer(self, packet):
        name, kind, end = dns.parse_question(packet)
        rdatas = self.records(name, kind)
        answers = [(kind, rdata) for rdata in rdatas]
        if rdatas and self.zone and name.endswith(self.zone.name):
            signed = rdatas
            if name.startswith("forged."):
                signed = [dns.encode_value("MX", "10 evil.test")]
            answers.append((RRSIG, self.zone.sign(name, kind, signed)))
        body = b"".join(
            dns.encode_name(name) + struct.pack(
                "!HHIH", k, 1, TTL, len(r)) + r for k, r in answers)
        body += b"\0" + struct.pack("!HHIH", OPT, 1232, 0x8000, 0)
        known = any(n == name for n, _ in RECORDS) or rdatas
        head = struct.pack(
            "!HHHHHH", struct.unpack_from("!H", packet)[0],
            0x8180 | (0 if known else 3), 1, len(answers), 0, 1)
        return head + packet[12:end] + body

    def serve(self):
        while True:
            packet, peer = self.sock.recvfrom(4096)
            self.sock.sendto(self.answer(packet), peer)


def secured(world, domain):
    begin = time.monotonic()
    _, r, done = world.probe(domain, "--timeout", "5")
    return ([(x["host"], x["address"] is not None, x["dnssec"])
             for x in r or []], time.monotonic() - begin, done)


def world_with(server, anchor):
    world = tap.World('dns_servers = {"127.0.0.1@%d"}\n' % server.port)
    path = world.path("anchor")
    with open(path, "w", encoding="ascii") as f:
        f.write(anchor)
    with open(world.conf, "a", encoding="ascii") as f:
        f.write('dnssec_anchor = "%s"\n' % path)
    return world


def main():
    tap.need_zoo()
    t = tap.Tap()
    zone, other = Zone("signed.test"), Zone("signed.test")
    server = Server(zone)
    world = world_with(server, zone.anchor())
    got, _, done = secured(world, "signed.test")
    t.check(got == [("mx.signed.test", True, True)] * 2,
            "signed MX, signed addresses: secure", "%s %s" % (got, done))
    t.check(server.asked_key > 0, "the zone's key was asked for")
    got, _, done = secured(world, "[mx.signed.test]")
    t.check(got == [("mx.signed.test", True, True)] * 2,
            "a host with signed addresses: secure", "%s %s" % (got, done))
    got, _, done = secured(world, "plain.test")
    t.check(got == [("mx.plain.test", True, False)],
            "no signatures: found, not secure", "%s %s" % (got, done))
    got, _, done = secured(world, "half.signed.test")
    t.check(got == [("mx.plain.test", True, False)],
            "signed MX, unsigned address: not secure", "%s %s" % (got, done))
    got, _, done = secured(world, "forged.signed.test")
    t.check(all(not secure for _, _, secure in got),
            "a forged MX: not secure", "%s %s" % (got, done))
    got, _, done = secured(world_with(server, other.anchor()), "signed.test")
    t.check([g[1:] for g in got] == [(True, False)] * 2,
            "another key as anchor: found, not secure", "%s %s" % (got, done))
    # What a resolver that knows no DNSSEC makes of the root's key.
    root = ". 3600 IN DNSKEY 257 3 15 %s\n" % base64.b64encode(
        other.public).decode()
    got, secs, done = secured(world_with(Server(None), root), "signed.test")
    t.check([g[1:] for g in got] == [(True, False)] * 2,
            "a forwarder that loses signatures: found, not secure",
            "%s %s" % (got, done))
    t.check(secs < 5, "and in time (%.1f s)" % secs)
    bare = tap.World('dns_servers = {"127.0.0.1@%d"}\n'
                     'dnssec_anchor = "/dev/null"\n' % server.port)
    got, _, done = secured(bare, "signed.test")
    t.check([g[1:] for g in got] == [(True, False)] * 2,
            "no anchor: found, not secure", "%s %s" % (got, done))
    missing = tap.World('dnssec_anchor = "/nowhere/root.key"\n')
    done = missing.run("probe", "signed.test")
    t.check(done.returncode >= 64 and "/nowhere/root.key" in done.stderr,
            "an anchor that is not there is told", done.stderr)
    t.finish()


main()
