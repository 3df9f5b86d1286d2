#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a socketmap server between Sendmail and policyd that lies.

usage: mapproxy.py SOCKET POLICYD ORDERS

Each request "MAP KEY" is answered as the first line of the file ORDERS says
whose regular expression, up to the first blank, is found in it; the file is
read for every request:
  say TEXT    that, as a netstring
  raw TEXT    those bytes, with \\n, \\0 and \\xHH
  cut TEXT    those bytes, then hangs up
  close       hangs up
  hang        never answers
  slow SECS   passes it on after that time
  pass        asks POLICYD; so is what no line names
Requests and answers are printed.
"""
import os
import re
import socket
import sys
import threading
import time


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


def netstring(sock):
    digits = b""
    while not digits.endswith(b":"):
        digits += receive(sock, 1)
    text = receive(sock, int(digits[:-1]))
    if receive(sock, 1) != b",":
        raise Closed
    return text


def framed(text):
    return b"%d:%s," % (len(text), text)


def ask(policyd, request):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(policyd)
        sock.sendall(framed(request))
        return framed(netstring(sock))


def order_for(orders, request):
    with open(orders, encoding="latin-1") as lines:
        for line in lines:
            pattern, order = line.rstrip("\n").split(" ", 1)
            if re.search(pattern, request.decode("latin-1")):
                return order
    return "pass"


def obey(order, request, policyd):
    """What to send."""
    verb, _, text = order.partition(" ")
    if verb == "say":
        return framed(text.encode("latin-1"))
    if verb in ("raw", "cut"):
        return text.encode("latin-1").decode("unicode_escape").encode(
            "latin-1")
    if verb == "close":
        raise Closed
    if verb == "hang":
        time.sleep(600)
    if verb == "slow":
        time.sleep(float(text))
    return ask(policyd, request)


def serve(sock, policyd, orders):
    try:
        while True:
            request = netstring(sock)
            order = order_for(orders, request)
            print("%r => %s" % (request, order), flush=True)
            answer = obey(order, request, policyd)
            print("    %r" % answer, flush=True)
            sock.sendall(answer)
            if order.startswith("cut"):
                raise Closed
    except (Closed, OSError):
        sock.close()


def main():
    path, policyd, orders = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(64)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock, policyd, orders),
                         daemon=True).start()


if __name__ == "__main__":
    main()
