#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a milter between Sendmail and tlswarden-milter that lies.

usage: filterproxy.py SOCKET MILTER ORDERS

Passes the frames of the milter protocol on. The first line of the file ORDERS
whose regular expression, up to the first blank, is found in a command (its
letter and what follows, as in "R<b@us.test>") says what Sendmail gets instead
of the answer; the file is read for every command:
  say TEXT    a frame with that, e.g. `t` (tempfail), `!`
  raw TEXT    those bytes, with \\0 and \\xHH
  close       hangs up
  hang        nothing
  slow SECS   the answer after that time
Commands and orders are printed.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

ANSWERED = b"OCHMRTUNEBL"


class Closed(Exception):
    pass


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise Closed
        data += more
    return data


def frame(sock):
    head = receive(sock, 4)
    return receive(sock, struct.unpack(">I", head)[0])


def framed(text):
    return struct.pack(">I", len(text)) + text


def order_for(orders, command):
    with open(orders, encoding="latin-1") as lines:
        for line in lines:
            pattern, order = line.rstrip("\n").split(" ", 1)
            if re.search(pattern, command.decode("latin-1")):
                return order
    return "pass"


def as_bytes(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def obey(order, mta):
    """True when the answer is to be passed on."""
    verb, _, text = order.partition(" ")
    if verb == "say":
        mta.sendall(framed(as_bytes(text)))
        return False
    if verb == "raw":
        mta.sendall(as_bytes(text))
        return False
    if verb == "close":
        raise Closed
    if verb == "hang":
        time.sleep(60)
        raise Closed
    if verb == "slow":
        time.sleep(float(text))
    return True


def serve(mta, path, orders):
    milter = socket.socket(socket.AF_UNIX)
    silent = 0
    try:
        milter.connect(path)
        while True:
            command = frame(mta)
            order = order_for(orders, command)
            print("%r => %s" % (command[:80], order), flush=True)
            milter.sendall(framed(command))
            letter = command[:1]
            if letter not in ANSWERED:
                continue
            answer = b"" if silent & NR.get(letter, 0) else frame(milter)
            if letter == b"O":
                silent = struct.unpack(">I", answer[9:13])[0]
            if obey(order, mta) and answer:
                mta.sendall(framed(answer))
    except (Closed, OSError):
        pass
    finally:
        mta.close()
        milter.close()


# Steps whose answer the filter may have declined to give.
NR = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000,
      b"U": 0x20000, b"N": 0x40000, b"B": 0x80000, b"L": 0x80}


def main():
    path, milter, orders = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(64)
    while True:
        mta, _ = listener.accept()
        threading.Thread(target=serve, args=(mta, milter, orders),
                         daemon=True).start()


if __name__ == "__main__":
    main()
