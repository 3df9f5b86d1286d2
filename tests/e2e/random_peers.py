# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: SMTP servers of every kind, for t-out-random.

Each kind has an address of its own on port 25. What a server hears is told to
a witness at once: every RCPT with how the session was protected, and every
message that it took.
"""
import socket
import ssl
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS, on purpose
TLS = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1,
       "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
AES128 = ("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA"
          ":@SECLEVEL=0")
IDLE_SECS = 60


class Kind:
    """What a peer offers. tls: yes, none, refuse (454) or broken; pair: its
    certificate of pki.sh; version: the only one; bits: the only strength;
    delay: seconds until it answers EHLO."""

    def __init__(self, name, number, tls="yes", pair="good", version=None,
                 bits=256, delay=0):
        self.name, self.tls, self.pair = name, tls, pair
        self.version, self.bits, self.delay = version, bits, delay
        self.address = "127.2.0.%d" % number
        self.host = "mx.%s.test" % name


KINDS = {kind.name: kind for kind in (
    Kind("good", 1),
    Kind("plain", 2, tls="none"),
    Kind("refuse", 3, tls="refuse"),
    Kind("broken", 4, tls="broken"),
    Kind("untrusted", 5, pair="untrusted"),
    Kind("expired", 6, pair="expired"),
    Kind("wrongname", 7, pair="wrongname"),
    Kind("selfsigned", 8, pair="selfsigned"),
    Kind("second", 9, pair="second"),
    Kind("chain", 10, pair="chain"),
    Kind("incomplete", 11, pair="incomplete"),
    Kind("tls10", 12, version="TLSv1"),
    Kind("tls11", 13, version="TLSv1.1"),
    Kind("tls12", 14, version="TLSv1.2"),
    Kind("tls13", 15, version="TLSv1.3"),
    Kind("aes128", 16, version="TLSv1.2", bits=128),
    Kind("dead", 17, tls="dead"),
    Kind("address", 18, pair="address"),
    # Long enough that the table is often another one meanwhile.
    Kind("slow", 19, tls="none", delay=5),
)}


def server_context(kind, pki):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = TLS[kind.version or "TLSv1"]
    if kind.version:
        context.maximum_version = TLS[kind.version]
    context.set_ciphers(AES128 if kind.bits == 128 else
                        "ALL:!aNULL:@SECLEVEL=0")
    path = "%s/%s" % (pki, kind.pair)
    context.load_cert_chain(path + ".pem", path + ".key")
    return context


class Session:
    """One connection: a small SMTP server that takes all mail."""

    def __init__(self, kind, sock, context, witness):
        self.kind, self.sock, self.context = kind, sock, context
        self.witness = witness
        self.buffer = b""
        self.tls = None         # (version, bits) when it is encrypted
        self.sender, self.recipients = None, []
        sock.settimeout(IDLE_SECS)

    def line(self):
        while b"\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise OSError("closed")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def greet(self):
        time.sleep(self.kind.delay)
        lines = [self.kind.host, "PIPELINING"]
        if self.tls is None and self.kind.tls != "none":
            lines.append("STARTTLS")
        for text in lines[:-1]:
            self.say("250-" + text)
        self.say("250 " + lines[-1])

    def starttls(self):
        if self.kind.tls == "none" or self.tls:
            return self.say("502 5.5.1 no")
        if self.kind.tls == "refuse":
            return self.say("454 4.7.0 TLS not available")
        self.say("220 2.0.0 go ahead")
        if self.kind.tls == "broken":
            self.sock.sendall(b"this is no handshake\r\n")
            raise OSError("broken on purpose")
        self.buffer = b""
        self.sock = self.context.wrap_socket(self.sock, server_side=True)
        if self.sock.cipher() is None:
            raise OSError("gone behind the handshake")
        self.tls = (self.sock.version(), self.sock.cipher()[2])

    def data(self):
        self.say("354 go ahead")
        lines = []
        while True:
            line = self.line()
            if line == ".":
                break
            lines.append(line)
        self.witness.took(self.kind, self.sender, self.recipients,
                          "\n".join(lines))
        self.say("250 2.0.0 taken")
        self.recipients = []

    def run(self):
        self.say("220 %s ESMTP" % self.kind.host)
        while True:
            line = self.line()
            word = line[:4].upper()
            if word in ("EHLO", "HELO"):
                self.greet()
            elif word == "STAR":
                self.starttls()
            elif word == "MAIL":
                self.sender, self.recipients = address_in(line), []
                self.say("250 2.1.0 ok")
            elif word == "RCPT":
                self.witness.heard(self.kind, self.tls, self.sender,
                                   address_in(line))
                self.recipients.append(address_in(line))
                self.say("250 2.1.5 ok")
            elif word == "DATA":
                self.data()
            elif word == "QUIT":
                return self.say("221 2.0.0 bye")
            else:
                self.say("250 2.0.0 ok")


def address_in(line):
    return line[line.index("<") + 1:line.index(">")].lower()


class Peer(threading.Thread):
    def __init__(self, kind, pki, witness):
        super().__init__(daemon=True)
        self.kind, self.witness = kind, witness
        self.context = server_context(kind, pki)
        self.sock = socket.create_server((kind.address, 25), backlog=128)

    def run(self):
        while True:
            sock, _ = self.sock.accept()
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        session = Session(self.kind, sock, self.context, self.witness)
        try:
            session.run()
        except (OSError, ssl.SSLError):
            pass                # the client went away, or was sent away
        finally:
            session.sock.close()


def start_peers(pki, witness):
    for kind in KINDS.values():
        if kind.tls != "dead":
            Peer(kind, pki, witness).start()
