#!/usr/bin/env python3
# tlswarden: tests/e2e/smtp - an SMTP client that does as it is told.
# SPDX-License-Identifier: BSD-2-Clause
"""usage: smtp.py [OPTION...] ADDRESS PORT COMMAND...

  --from ADDRESS   the client's own address
  --cert NAME      client certificate $PKI/NAME.pem with $PKI/NAME.key
  --max VERSION    at most TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3
  --ciphers LIST   of OpenSSL, for TLS 1.2 and older
Commands, in any order and number:
  tls              TLS at once (smtps), before the greeting
  starttls         STARTTLS and the handshake
  badtls           STARTTLS, then garbage instead of a handshake
  data             DATA and a message; data=TEXT: with that header text first
  drop             hangs up
  sleep=SECS       waits
  anything else    is sent as a line
Prints the reply to each, lines of one joined by blanks; of EHLO only the code,
of ehlo all.
"""
import argparse
import os
import socket
import ssl
import sys
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # old TLS, on purpose
VERSIONS = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1,
            "TLSv1.2": ssl.TLSVersion.TLSv1_2,
            "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def tls_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers(options.ciphers or "ALL:@SECLEVEL=0")
    if options.max:
        context.maximum_version = VERSIONS[options.max]
    if options.cert:
        path = os.path.join(os.environ["PKI"], options.cert)
        context.load_cert_chain(path + ".pem", path + ".key")
    return context


class Client:
    def __init__(self, options):
        self.options = options
        source = (options.source, 0) if options.source else None
        self.sock = socket.create_connection(
            (options.address, options.port), 30, source)
        self.greeted = False
        self.buffer = b""

    def reply(self):
        lines = []
        while True:
            while b"\n" not in self.buffer:
                more = self.sock.recv(65536)
                if not more:
                    return " ".join(lines + ["closed"])
                self.buffer += more
            line, self.buffer = self.buffer.split(b"\n", 1)
            lines.append(line.decode("utf-8", "replace").rstrip("\r"))
            if lines[-1][3:4] != "-":
                return " ".join(lines)

    def say(self, line):
        self.sock.sendall(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.reply()

    def handshake(self):
        self.sock = tls_context(self.options).wrap_socket(self.sock)
        name, _, bits = self.sock.cipher()
        return "%s %s %d" % (self.sock.version(), name, bits)

    def message(self, extra):
        answer = self.say("DATA")
        if not answer.startswith("354"):
            return answer
        head = extra + "\r\n" if extra else ""
        return self.say(head + "Subject: test\r\n\r\nSecret text.\r\n.")

    def run(self, command):
        if command == "tls":
            return self.handshake()
        if not self.greeted:
            self.greeted = True
            print(self.reply()[:3])
        if command == "starttls":
            answer = self.say("STARTTLS")
            return self.handshake() if answer[:3] == "220" else answer
        if command == "badtls":
            self.say("STARTTLS")
            return self.say("this is no handshake")
        if command == "data" or command.startswith("data="):
            return self.message(command[5:].replace("\\n", "\r\n"))
        if command == "drop":
            self.sock.close()
            return "dropped"
        if command.startswith("sleep="):
            time.sleep(float(command[6:]))
            return "slept"
        answer = self.say(command)
        return answer[:3] if command[:4] == "EHLO" else answer


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--cert")
    parser.add_argument("--max", choices=sorted(VERSIONS))
    parser.add_argument("--ciphers")
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("commands", nargs="+")
    options = parser.parse_args()
    client = Client(options)
    for command in options.commands:
        try:
            print(client.run(command), flush=True)
        except (OSError, ssl.SSLError) as trouble:
            print("trouble:", trouble, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
