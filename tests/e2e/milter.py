#!/usr/bin/env python3
# tlswarden: tests/e2e/milter - plays the MTA's side of the milter protocol.
# SPDX-License-Identifier: BSD-2-Clause
"""usage: milter.py SOCKET < script      (SOCKET: a path, or ADDRESS:PORT)

What no MTA would say can be said: any order, any bytes. One command a line;
single or double quotes keep words together, \\xHH, \\0 and \\n are bytes:
  open                       a new connection (the first is made by itself)
  negotiate [ACTIONS STEPS]  version 6; prints what the filter asked for
  macros STEP NAME=VALUE...  for the step that comes: C H M R T N E
  connect NAME ADDRESS PORT | connect NAME -
  helo NAME | mail ADDRESS... | rcpt ADDRESS... | header NAME VALUE | eoh
  body TEXT | eom | abort | quit | quitnc | data
  frame LETTER TEXT          any command
  raw TEXT                   bytes instead of a frame
  close                      without quit
  hangup                     waits for what the filter says, or `closed`
  patience SECS              how long to wait for an answer (20)
  parallel N ADDRESS RCPT    N sessions at once, each step of all of them
                             before the next; prints the replies to RCPT
Prints one line for each command that is answered: the word of the reply
(continue, accept, reject, tempfail, or the text of a reply code), changes of
headers before it, `closed` when the filter hung up, `silent` when a step was
negotiated to be not answered, `silence` when no answer came in time.
"""
import shlex
import socket
import struct
import sys

STEPS = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000,
         "U": 0x20000, "N": 0x40000, "B": 0x80000, "L": 0x80}
SKIPS = {"C": 1, "H": 2, "M": 4, "R": 8, "B": 0x10, "L": 0x20, "N": 0x40,
         "U": 0x100, "T": 0x200}
WORDS = {b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail",
         b"d": "discard", b"s": "skip"}
MACRO_STEPS = "CHMRTEN"


class Closed(Exception):
    pass


def as_bytes(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


class Filter:
    def __init__(self, where):
        self.where = where
        self.skipped = self.silent = 0
        self.connect_socket()

    def connect_socket(self):
        if self.where.startswith("/"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(self.where)
        else:
            address, port = self.where.rsplit(":", 1)
            self.sock = socket.create_connection((address.strip("[]"),
                                                  int(port)))
        self.sock.settimeout(20)

    def send(self, letter, payload=b""):
        data = letter.encode("latin-1") + payload
        try:
            self.sock.sendall(struct.pack(">I", len(data)) + data)
        except OSError:
            raise Closed from None

    def receive(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.sock.recv(n - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data

    def frame(self):
        n = struct.unpack(">I", self.receive(4))[0]
        data = self.receive(n)
        return data[:1], data[1:]

    def reply(self):
        """The final reply, with what changed before it."""
        changes = []
        while True:
            letter, data = self.frame()
            if letter == b"p":
                continue
            if letter in b"hmi":
                changes.append(change(letter, data))
                continue
            word = WORDS.get(letter)
            if letter == b"y":
                word = show(data)
            return "; ".join(changes + [word or repr(letter)])

    def step(self, letter, payload=b""):
        """Sends a command; None when it is not to be answered."""
        if self.skipped & SKIPS.get(letter, 0):
            return "skipped"
        self.send(letter, payload)
        if self.silent & STEPS.get(letter, 0):
            return "silent"
        return self.reply()


def show(data):
    text = data.rstrip(b"\0")
    return "".join(chr(b) if 32 <= b < 127 else "\\x%02x" % b for b in text)


def change(letter, data):
    if letter == b"h":
        return "add " + show(data.replace(b"\0", b" ", 1))
    index = struct.unpack(">I", data[:4])[0]
    name, value = data[4:].split(b"\0")[:2]
    if letter == b"i":
        return "insert %d %s %s" % (index, show(name), show(value))
    if value:
        return "change %d %s %s" % (index, show(name), show(value))
    return "delete %d %s" % (index, show(name))


def negotiate(f, words):
    actions = int(words[0], 0) if words else 0x1FF
    steps = int(words[1], 0) if len(words) > 1 else 0x1FFFFF
    f.send("O", struct.pack(">III", 6, actions, steps))
    letter, data = f.frame()
    if letter != b"O":
        return repr(letter)
    _, actions, steps = struct.unpack(">III", data[:12])
    f.silent = steps
    f.skipped = steps & 0x37F
    lists, rest = [], data[12:]
    while len(rest) > 4:
        stage = struct.unpack(">I", rest[:4])[0]
        text, rest = rest[4:].split(b"\0", 1)
        lists.append("%d:%s" % (stage, show(text)))
    return "actions=0x%x steps=0x%x %s" % (actions, steps, " ".join(lists))


def macros(f, words):
    payload = words[0].encode()
    for pair in words[1:]:
        name, value = pair.split("=", 1)
        payload += name.encode() + b"\0" + as_bytes(value) + b"\0"
    f.send("D", payload)


def connect(f, words):
    name = as_bytes(words[0]) + b"\0"
    if words[1] == "-":
        return f.step("C", name + b"U")
    family = b"6" if ":" in words[1] else b"4"
    port = struct.pack(">H", int(words[2]))
    return f.step("C", name + family + port + words[1].encode() + b"\0")


def arguments(words):
    return b"".join(as_bytes(w) + b"\0" for w in words)


LETTERS = {"helo": "H", "mail": "M", "rcpt": "R", "header": "L", "eoh": "N",
           "eom": "E", "data": "T", "unknown": "U"}
QUIET = {"abort": "A", "quit": "Q", "quitnc": "K"}


def parallel(where, n, sender, recipient):
    """All sessions are open at once; how many got which reply to RCPT."""
    filters = [Filter(where) for _ in range(n)]
    for f in filters:
        f.send("O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))
    for f in filters:
        f.frame()
    counts = {}
    for letter, payload in (
            ("C", b"x\0004" + struct.pack(">H", 9) + b"192.0.2.1\0"),
            ("H", b"x\0"), ("M", as_bytes(sender) + b"\0"),
            ("R", as_bytes(recipient) + b"\0")):
        for f in filters:
            f.send(letter, payload)
        for f in filters:
            word = f.reply()
            if letter == "R":
                counts[word] = counts.get(word, 0) + 1
    for f in filters:
        f.send("Q")
        f.sock.close()
    return "; ".join("%d %s" % (counts[w], w) for w in sorted(counts))


def run(f, words):
    """One command of the script; None: nothing to print."""
    verb, rest = words[0], words[1:]
    if verb == "open":
        f.sock.close()
        f.connect_socket()
    elif verb == "negotiate":
        return negotiate(f, rest)
    elif verb == "macros":
        macros(f, rest)
    elif verb == "connect":
        return connect(f, rest)
    elif verb in LETTERS:
        return f.step(LETTERS[verb], arguments(rest))
    elif verb in QUIET:
        f.send(QUIET[verb])
    elif verb == "body":
        return f.step("B", as_bytes(rest[0]))
    elif verb == "frame":
        f.send(rest[0], as_bytes(rest[1]) if len(rest) > 1 else b"")
        return f.reply()
    elif verb == "raw":
        f.sock.sendall(as_bytes(rest[0]))
    elif verb == "close":
        f.sock.close()
    elif verb == "parallel":
        return parallel(f.where, int(rest[0]), rest[1], rest[2])
    elif verb == "patience":
        f.sock.settimeout(float(rest[0]))
    elif verb == "hangup":
        return f.reply()
    else:
        sys.exit("milter.py: %s is no command" % verb)
    return None


def split(line):
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    return list(lexer)


def main():
    f = Filter(sys.argv[1])
    for line in sys.stdin:
        words = split(line)
        if not words:
            continue
        try:
            result = run(f, words)
        except Closed:
            result = "closed"
        except socket.timeout:
            result = "silence"
        if result is not None:
            print(words[0], result, flush=True)


if __name__ == "__main__":
    main()
