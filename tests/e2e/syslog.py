#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a syslog for tests: one file per program.

usage: syslog.py SOCKET FOLDER

What `NAME[PID]: text` says on the datagram SOCKET is appended to
FOLDER/NAME.maillog, a line each.
"""
import os
import re
import signal
import socket
import sys

LINE = re.compile(rb"^(?:<\d+>)?(?:\w{3} [ \d]\d \d\d:\d\d:\d\d )?"
                  rb"(([A-Za-z0-9_.-]+)(?:\[\d+\])?: .*)$", re.DOTALL)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o666)
    while True:
        match = LINE.match(sock.recv(65536).rstrip(b"\0\n"))
        if match is None:
            continue
        name = match.group(2).decode("ascii") + ".maillog"
        with open(os.path.join(sys.argv[2], name), "ab") as log:
            log.write(match.group(1).replace(b"\n", b" ") + b"\n")


if __name__ == "__main__":
    main()
