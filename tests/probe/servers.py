# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: mail servers with one fault each, on loopback, for tests.

A behaviour is a function of a connected socket and a Setup; Server serves it
on a port that the system picks. CASES of faults.py says what each must give.
"""
import contextlib
import socket
import ssl
import struct
import threading
import time

HANG_SECS = 60


class Setup:
    """What a behaviour may need: certificates, TLS versions, what it saw."""

    def __init__(self, chain=None, key=None, low=None, high=None, verify=None):
        self.chain, self.key = chain, key
        self.low, self.high, self.verify = low, high, verify
        self.stop = threading.Event()
        self.certificates = []  # Certificate messages of the client

    def context(self):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.set_ciphers("ALL:@SECLEVEL=0")
        ctx.minimum_version = self.low or ssl.TLSVersion.TLSv1
        ctx.maximum_version = self.high or ssl.TLSVersion.MAXIMUM_SUPPORTED
        ctx.load_cert_chain(self.chain, self.key)
        if self.verify is not None:
            ctx.load_verify_locations(self.chain)
            ctx.verify_mode = self.verify
        ctx._msg_callback = self.saw  # what the wire carried, decrypted
        return ctx

    def saw(self, _conn, direction, _version, content, kind, data):
        if direction == "read" and int(content) == 22 and int(kind) == 11:
            self.certificates.append(bytes(data))


class Server:
    """Serves one behaviour on an address until it is closed."""

    def __init__(self, behaviour, setup, address="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.behaviour, self.setup = behaviour, setup
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(64)
        self.address, self.port = self.listener.getsockname()[:2]
        threading.Thread(target=self.accept, daemon=True).start()

    def where(self):
        host = "[%s]" % self.address if ":" in self.address else self.address
        return "%s:%d" % (host, self.port)

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self.serve, args=(conn,), daemon=True
            ).start()

    def serve(self, conn):
        conn.settimeout(HANG_SECS)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), conn:
            self.behaviour(conn, self.setup)

    def close(self):
        self.setup.stop.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def line(conn):
    """One line of the client, without its end; b"" at the end."""
    got = b""
    while not got.endswith(b"\n"):
        byte = conn.recv(1)
        if not byte:
            return b""
        got += byte
    return got.strip()


def hang(conn, setup):
    """Says nothing, but stays, until the client goes or the test ends."""
    conn.settimeout(0.2)
    while not setup.stop.is_set():
        try:
            if not conn.recv(4096):
                return
        except TimeoutError:
            continue


def reset(conn):
    conn.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    conn.close()


def bytewise(conn, data, pause=0.0005):
    for i in range(len(data)):
        conn.sendall(data[i : i + 1])
        time.sleep(pause)


def inside(conn, setup, reply=b"250-mx.example.com\r\n250 8BITMIME\r\n"):
    """TLS, then the second EHLO and QUIT."""
    with setup.context().wrap_socket(conn, server_side=True) as tls:
        commands(tls, reply)


def commands(tls, reply):
    while True:
        verb = line(tls)[:4].upper()
        if verb in (b"EHLO", b"LHLO"):
            tls.sendall(reply)
        elif verb == b"QUIT":
            tls.sendall(b"221 bye\r\n")
            with contextlib.suppress(OSError):
                tls.settimeout(2)
                tls.unwrap()
            return
        elif verb == b"":
            return
        else:
            tls.sendall(b"500 no such command\r\n")


def slowly(conn, data):
    time.sleep(0.7)
    conn.sendall(data)


EHLO = b"250-mx.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n"


def session(
    greeting=b"220 mx.example.com ESMTP\r\n",
    ehlo=EHLO,
    starttls=b"220 go ahead\r\n",
    then=inside,
    verb=b"EHLO",
    send=None,
):
    """A behaviour: what is said at each step; a function takes over there."""

    def step(conn, setup, what):
        if callable(what):
            what(conn, setup)
            return False
        (send or type(conn).sendall)(conn, what)
        return True

    def behave(conn, setup):
        if not step(conn, setup, greeting):
            return
        if not line(conn).upper().startswith(verb + b" "):
            conn.sendall(b"500 say %s\r\n" % verb)
            hang(conn, setup)
            return
        if not step(conn, setup, ehlo):
            return
        if line(conn).upper() != b"STARTTLS":
            return
        if step(conn, setup, starttls):
            then(conn, setup)

    return behave


def close(_conn, _setup):
    """Ends the connection."""


def client_hello(conn):
    conn.recv(8192)


def alert(number):
    def behave(conn, _setup):
        client_hello(conn)
        conn.sendall(bytes([21, 3, 3, 0, 2, 2, number]))
        with contextlib.suppress(OSError):
            conn.recv(64)

    return behave


def plaintext(conn, setup):
    client_hello(conn)
    conn.sendall(b"500 5.5.2 Error: bad syntax\r\n")
    hang(conn, setup)


def endless_lines(conn, setup):
    while not setup.stop.is_set():
        conn.sendall(b"250-more\r\n" * 100)


def endless_line(conn, setup):
    conn.sendall(b"250-")
    while not setup.stop.is_set():
        conn.sendall(b"x" * 1000)


def drip(conn, setup):
    """Always one byte more, and never a line."""
    conn.sendall(b"250-")
    while not setup.stop.wait(0.1):
        conn.sendall(b"x")


def drip_hello(conn, setup):
    """A record of a handshake that never gets whole."""
    client_hello(conn)
    conn.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    while not setup.stop.wait(0.05):
        conn.sendall(b"x")


def close_in_handshake(conn, _setup):
    client_hello(conn)


def reset_in_handshake(conn, _setup):
    client_hello(conn)
    reset(conn)


def close_inside(conn, setup):
    with setup.context().wrap_socket(conn, server_side=True) as tls:
        line(tls)


def close_unasked(conn, setup):
    """The session is up, and the connection ends without a word."""
    tls = setup.context().wrap_socket(conn, server_side=True)
    reset(tls)


def hang_inside(conn, setup):
    with setup.context().wrap_socket(conn, server_side=True) as tls:
        hang(tls, setup)


def garbage_inside(conn, setup):
    inside(conn, setup, b"what?\r\n")


def late_injection(conn, setup):
    conn.sendall(b"220 go ahead\r\n")
    time.sleep(0.02)
    conn.sendall(b"250 injected\r\n")
    hang(conn, setup)


def smtps(conn, setup):
    with setup.context().wrap_socket(conn, server_side=True) as tls:
        tls.sendall(b"220 mx.example.com ESMTP\r\n")
        commands(tls, b"250-mx.example.com\r\n250 8BITMIME\r\n")
