#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a prober that was taken over, against policyd's desk.

usage: t-prober.py SOCKET

Tries to hand in what cannot be, prints `TAKEN what` for each that was taken,
and `done` at the end.
"""
import contextlib
import json
import random
import socket
import sys
import time

WHERE = sys.argv[1]
GOOD = {
    "host": "mx.test", "addr": "192.0.2.1", "port": 25, "verdict": "fail",
    "class": "revoked", "fault": "theirs", "tls_version": "TLSv1.3",
    "cipher": "X", "bits": 256, "not_after": 1, "json": "{}", "chain": "",
}
# Each makes a result that cannot be.
WRONG = [
    {"host": "mx test"}, {"host": ""}, {"host": 7}, {"host": "x" * 300},
    {"host": "a\x00b"}, {"addr": "300.1.1.1"}, {"addr": "mx.test"},
    {"addr": ["192.0.2.1"]}, {"port": 0}, {"port": 65536}, {"port": -1},
    {"port": 26}, {"port": "25"}, {"port": 1e9}, {"verdict": "good"},
    {"verdict": ""}, {"verdict": None}, {"class": "x"}, {"class": "cn_only"},
    {"class": "revoked "}, {"class": "", "fault": "theirs"},
    {"fault": "nobody"}, {"fault": ""}, {"tls_version": "x" * 65},
    {"cipher": "\x1b[31m"}, {"cipher": "\n\x07"}, {"bits": -1},
    {"bits": 1 << 40}, {"not_after": -1}, {"not_after": 1 << 60},
    {"client_cert_requested": "no"}, {"json": "{"}, {"json": "x" * 65537},
    {"json": {}}, {"chain": "\x00"}, {"chain": "x" * 131073}, {"chain": 1},
]


class Link:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(WHERE)

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data)

    def receive(self):
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while b":" not in got:
                part = self.sock.recv(1)
                if not part:
                    return None
                got += part
            left = int(got[:-1]) + 1
            body = b""
            while len(body) < left:
                part = self.sock.recv(left - len(body))
                if not part:
                    return None
                body += part
            return json.loads(body[:-1])
        return None

    def ask(self, what):
        text = json.dumps(what).encode()
        self.send(b"%d:%s," % (len(text), text))
        return self.receive()


def job(link):
    """A destination that is out to us; waits until one is due."""
    for _ in range(200):
        answer = link.ask({"ask": "due", "max": 1})
        if answer["jobs"]:
            return answer["jobs"][0]
        time.sleep(0.1)
    raise SystemExit("nothing is due")


def closed(name, data):
    """What is no message ends the connection, without an answer."""
    link = Link()
    link.send(data)
    if link.receive() is not None:
        print("TAKEN", name)


def garbage():
    closed("garbage", b"\xff\xfe\x00 nonsense")
    closed("no netstring", b"GET / HTTP/1.0\r\n\r\n")
    closed("over the limit", b"99999999:{")
    closed("no JSON", b"5:hello,")
    closed("a list", b"2:[],")
    closed("no question", b"2:{},")
    closed("another question", b'13:{"ask":"exit"},')
    closed("doubled keys", b'25:{"ask":"due","ask":"rule"},')
    closed("deep", b"100000:" + b"[" * 100000 + b",")
    deep = b'{"ask":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"
    closed("deep objects", b"%d:%s," % (len(deep), deep))
    closed("a wrong end", b'13:{"ask":"due"};')
    rng = random.Random(5)
    for _ in range(50):
        closed("noise", bytes(rng.randrange(256) for _ in range(500)))
    half = [Link() for _ in range(20)]
    for link in half:
        link.send(b'1000:{"ask"')


def foreign_jobs():
    link = Link()
    for nexthop in ("evil.test", "", "good.test" * 100, "[", ".good.test", 5,
                    None, "EVIL.test:25"):
        for ask in ("rule", "result"):
            answer = link.ask({"ask": ask, "nexthop": nexthop,
                               "servers": [GOOD]})
            if answer is None or "error" not in answer:
                print("TAKEN", ask, nexthop)


def wrong_results():
    link = Link()
    for wrong in WRONG:
        nexthop = job(link)
        link.ask({"ask": "rule", "nexthop": nexthop, "addresses": []})
        answer = link.ask({"ask": "result", "nexthop": nexthop,
                           "servers": [{**GOOD, **wrong}]})
        if answer is None:  # not even JSON of ours: cut off
            link = Link()
        elif "error" not in answer:
            print("TAKEN", wrong)
        # It is not out any more: an honest result comes too late.
        answer = link.ask({"ask": "result", "nexthop": nexthop,
                           "servers": [GOOD]})
        if answer is None or "error" not in answer:
            print("TAKEN twice", nexthop)
    for servers in ([], {}, None, "x", [GOOD] * 257, [5], [[GOOD]]):
        nexthop = job(link)
        answer = link.ask({"ask": "result", "nexthop": nexthop,
                           "servers": servers})
        if answer is None or "error" not in answer:
            print("TAKEN servers", str(servers)[:40])


def odd_addresses():
    link = Link()
    for addresses in (["x"], [5], "127.0.0.1", {}, ["127.0.0.1"] * 1000,
                      [None]):
        answer = link.ask({"ask": "rule", "nexthop": job(link),
                           "addresses": addresses})
        if answer is None:
            print("TAKEN addresses: no answer")


garbage()
foreign_jobs()
wrong_results()
odd_addresses()
print("done")
