#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a socketmap server that answers what a file says.

usage: says.py SOCKET FILE

FILE has lines `MAP BYTES`: to a request for that map these bytes are sent as
they stand, with the escapes of Python (\\n, \\x00). `MAP` alone: the
connection is closed without an answer. `MAP slow SECS BYTES`: after that
time. A map that is not there is answered with NOTFOUND. FILE is read again
for each request.
"""
import os
import signal
import socket
import sys
import threading
import time


def request(stream):
    """One netstring, or None at the end."""
    head = b""
    while not head.endswith(b":"):
        byte = stream.read(1)
        if not byte:
            return None
        head += byte
    return stream.read(int(head[:-1]) + 1)[:-1]


def answer_of(path, name):
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.rstrip("\n").split(" ", 1)
            if words[0] == name:
                text = words[1] if len(words) > 1 else ""
                return text.encode().decode("unicode_escape").encode("latin-1")
    return b"9:NOTFOUND ,"


def serve(client, path):
    stream = client.makefile("rb")
    try:
        while True:
            asked = request(stream)
            if asked is None:
                return
            said = answer_of(path, asked.split(b" ", 1)[0].decode("latin-1"))
            if said.startswith(b"slow "):
                _, secs, said = said.split(b" ", 2)
                time.sleep(float(secs))
            if not said:
                return
            client.sendall(said)
    except OSError:
        return                  # the client went away
    finally:
        stream.close()
        client.close()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o666)
    sock.listen(64)
    while True:
        client, _ = sock.accept()
        threading.Thread(target=serve, args=(client, sys.argv[2]),
                         daemon=True).start()


if __name__ == "__main__":
    main()
