#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: SMTP servers that say what a file tells them to.

usage: replies.py PAIR FILE

FILE has lines `ADDRESS|STAGE|REPLY`, STAGE one of greet, ehlo, starttls, mail,
rcpt, data, end: there the server on port 25 of ADDRESS sends REPLY, with the
escapes of Python (\\r\\n, \\xe9), instead of a good answer. STARTTLS is offered
with the certificate PAIR.pem and PAIR.key. A message that was taken is printed,
with `tls` or `clear` in front.
"""
import socket
import ssl
import sys
import threading

GOOD = {
    "greet": b"220 replies ESMTP",
    "ehlo": b"250-replies\r\n250 STARTTLS",
    "starttls": b"220 go on",
    "mail": b"250 ok",
    "rcpt": b"250 ok",
    "data": b"354 go on",
    "end": b"250 2.0.0 taken",
}
VERBS = {b"EHLO": "ehlo", b"STARTTLS": "starttls", b"MAIL": "mail",
         b"RCPT": "rcpt", b"DATA": "data"}


class Session:
    def __init__(self, sock, replies, context):
        self.sock, self.replies, self.context = sock, replies, context
        self.lines = sock.makefile("rb")
        self.is_tls = False

    def say(self, stage):
        reply = self.replies.get(stage, GOOD[stage])
        self.sock.sendall(reply + b"\r\n")
        return reply

    def starttls(self):
        if not self.say("starttls").startswith(b"220"):
            return
        self.sock = self.context.wrap_socket(self.sock, server_side=True)
        self.lines = self.sock.makefile("rb")
        self.is_tls = True

    def data(self):
        if not self.say("data").startswith(b"354"):
            return
        headers = []
        for line in iter(self.lines.readline, b".\r\n"):
            if not line:
                return
            headers.append(line.strip().decode("latin-1"))
        to = [h for h in headers if h.startswith("To: ")]
        print("tls" if self.is_tls else "clear", *to, flush=True)
        self.say("end")

    def run(self):
        self.say("greet")
        verb = b""
        while verb != b"QUIT":
            line = self.lines.readline()
            if not line:
                return
            verb = line.strip().upper().split(b" ")[0]
            if verb == b"STARTTLS":
                self.starttls()
            elif verb == b"DATA":
                self.data()
            elif verb in VERBS:
                self.say(VERBS[verb])
            else:
                self.sock.sendall(b"250 ok\r\n")


def talk(sock, replies, context):
    try:
        Session(sock, replies, context).run()
    except OSError as e:
        print("lost:", e, flush=True)
    finally:
        sock.close()


def listen(server, replies, context):
    while True:
        sock = server.accept()[0]
        threading.Thread(target=talk, args=(sock, replies, context),
                         daemon=True).start()


def read_table(path):
    table = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            address, stage, reply = line.rstrip("\n").split("|", 2)
            reply = reply.encode().decode("unicode_escape").encode("latin-1")
            table.setdefault(address, {})[stage] = reply
    return table


def main():
    pair, path = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair + ".pem", pair + ".key")
    for address, replies in read_table(path).items():
        server = socket.create_server((address, 25))
        threading.Thread(target=listen, args=(server, replies, context),
                         daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
