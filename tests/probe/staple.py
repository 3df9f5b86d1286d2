#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a stapled OCSP response is asked for, read and checked.

openssl s_server staples; what it is to say as an SMTP server of smtps is put
into its standard input beforehand. Judged at the time of the response.
"""
import datetime
import os
import re
import socket
import subprocess
import time

import tap

SAYS = b"220 mx\r\n250-mx\r\n250 8BITMIME\r\n221 bye\r\n"

# label, leaf, staple, classes that must be there, classes that must not
CASES = [
    ("good", "leaf", "good.ocsp", [], ["revoked", "ocsp_missing"]),
    ("revoked", "leaf", "revoked.ocsp", ["revoked"], ["ocsp_missing"]),
    ("by a stranger", "leaf", "stranger.ocsp", ["ocsp_missing"],
     ["revoked"]),
    ("none, must-staple", "must", None, ["ocsp_missing"], ["revoked"]),
    ("none", "leaf", None, [], ["revoked", "ocsp_missing"]),
]


def response_time():
    """When the responses were made, plus a minute."""
    text = subprocess.run(
        ["openssl", "ocsp", "-noverify", "-resp_text", "-respin",
         os.path.join(tap.PKI, "good.ocsp")],
        capture_output=True, text=True, check=True).stdout
    at = re.search(r"This Update: (.*) GMT", text).group(1)
    when = datetime.datetime.strptime(at, "%b %d %H:%M:%S %Y")
    when = when.replace(tzinfo=datetime.timezone.utc)
    return int(when.timestamp()) + 60


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def wait_for(port):
    """Until it listens; the table of sockets tells without a connection."""
    wanted = "0100007F:%04X" % port
    for _ in range(200):
        with open("/proc/net/tcp", encoding="ascii") as f:
            if any(wanted == row.split()[1] and row.split()[3] == "0A"
                   for row in f.readlines()[1:]):
                return
        time.sleep(0.05)


def serve(leaf, staple):
    port = free_port()
    args = ["openssl", "s_server", "-quiet", "-naccept", "1",
            "-accept", "127.0.0.1:%d" % port,
            "-cert", os.path.join(tap.PKI, leaf + ".pem"),
            "-key", tap.key(leaf),
            "-cert_chain", os.path.join(tap.PKI, "ca.pem")]
    if staple:
        args += ["-status_file", os.path.join(tap.PKI, staple)]
    server = subprocess.Popen(
        args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    server.stdin.write(SAYS)
    server.stdin.flush()
    wait_for(port)
    return server, port


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World()
    now = str(response_time())
    for label, leaf, staple, there, not_there in CASES:
        server, port = serve(leaf, staple)
        code, result, done = world.probe(
            "mx.example.com", "--mode", "smtps", "--timeout", "10",
            "--connect", "127.0.0.1:%d" % port, "--time", now)
        server.kill()
        server.wait()
        seen = [f["class"] for f in result["findings"]] if result else []
        t.check(
            result is not None and result["tls"]["version"]
            and all(c in seen for c in there)
            and not any(c in seen for c in not_there)
            and (code == 1 or "revoked" not in there),
            "staple: " + label, done.stdout + done.stderr)
    t.finish()


main()
