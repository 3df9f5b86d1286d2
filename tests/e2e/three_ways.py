#!/usr/bin/env python3
# tlswarden: tests/e2e/three_ways - one verdict from milter, delegation, explain.
# SPDX-License-Identifier: BSD-2-Clause
"""usage: three_ways.py fill | ask

fill  puts random rules into $DB
ask   plays random sessions to the milter ($MILTER_SOCKET), to policy
      delegation ($DELEGATION) and to `$TLSWARDEN explain`, and compares
Rules and sessions are random but the same each time: SEED=N plays others.
Prints a TAP line per hundred sessions and says which session differed.
"""
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys

import milter

SESSIONS = 500
SENDERS = ["", "a@bank.test", "A+x@Bank.TEST", "a@sub.bank.test", "a@x.mil.test",
           "deep@a.b.mil.test", "sales-1@shop.test", "root@shop.test",
           "a@xn--bcher-kva.test", "a@B\u00fccher.test", "postmaster",
           "a@[192.0.2.5]", "\"a b@c\"@bank.test", "a@bank.test.", "a@nowhere.test",
           "x" * 1100 + "@bank.test"]
RECIPIENTS = ["b@us.test", "B@US.test", "audit@us.test", "audit+z@us.test",
              "b@them.test", "b@sub.them.test", "sales-2@us.test"]
CLIENTS = ["192.0.2.1", "192.0.2.200", "198.51.100.7", "203.0.113.9",
           "2001:db8::1", "2001:db8:1::2", "::1", "127.0.0.1"]
SENDER_PATTERNS = ["*", "*", "bank.test", ".bank.test", "*.mil.test", "<>",
                   "a@bank.test", "sales-*@shop.test", "shop.test", "*@*",
                   "xn--bcher-kva.test", "*@*.bank.test", "a@sub.bank.test"]
RECIPIENT_PATTERNS = ["*", "*", "*", "us.test", "audit@us.test", ".them.test",
                      "sales-*@us.test", "them.test", "*@us.test"]
SUBNETS = [None, None, None, "192.0.2.0/24", "192.0.2.128/25", "0.0.0.0/0",
           "2001:db8::/32", "2001:db8:1::/48", "203.0.113.9", "::/0"]
SUBJECTS = ["out.bank.test", "Out.Bank.Test", "mx.mil.test", "100% of it",
            "a+b c", "M\u00fcller", ""]
ISSUERS = ["Test Root Good", "Test Root Second", "Another CA"]
NAMES = [None, None, "out.bank.test", ".mil.test", "*bank*", "*.test",
         "a+b?c:mx.mil.test"]
CIPHERS = [("TLS_AES_256_GCM_SHA384", 256), ("TLS_AES_128_GCM_SHA256", 128),
           ("DES-CBC3-SHA", 112), ("", 0)]


def random_rule(rnd):
    level = rnd.choice(["none", "preferred", "encrypt", "encrypt", "secure"])
    rule = {"direction": "in", "sender": rnd.choice(SENDER_PATTERNS),
            "recipient": rnd.choice(RECIPIENT_PATTERNS),
            "subnet": rnd.choice(SUBNETS), "level": level,
            "on_failure": rnd.choice(["tempfail", "fail"]),
            "priority": rnd.choice([10, 100, 100, 100, 200]),
            "mode": rnd.choice(["enforce", "enforce", "monitor"])}
    if level in ("encrypt", "secure"):
        rule["min_protocol"] = rnd.choice([None, None, "TLSv1.2", "TLSv1.3"])
        rule["min_bits"] = rnd.choice([None, None, 128, 256])
    if level == "secure":
        rule["ca"] = rnd.choice([None, "Good", "Second"])
        rule["cert_name"] = rnd.choice(NAMES)
    return rule


def fill(rnd):
    db = sqlite3.connect(os.environ["DB"])
    for name in ("Good", "Second"):
        path = "%s/root-%s.pem" % (os.environ["PKI"], name.lower())
        with open(path, encoding="ascii") as pem:
            db.execute("INSERT INTO ca(name, pem) VALUES (?, ?)",
                       (name, pem.read()))
    for _ in range(80):
        rule = random_rule(rnd)
        db.execute("INSERT INTO policy(%s) VALUES (%s)" % (
            ", ".join(rule), ", ".join("?" * len(rule))), list(rule.values()))
    db.commit()


class Session:
    def __init__(self, rnd):
        self.sender = rnd.choice(SENDERS)
        self.recipient = rnd.choice(RECIPIENTS)
        self.client = rnd.choice(CLIENTS)
        self.version = rnd.choice([None, None, "TLSv1", "TLSv1.2", "TLSv1.3",
                                   "TLSv1.3"])
        self.cipher, self.bits = rnd.choice(CIPHERS)
        self.cert = rnd.choice(["none", "untrusted", "trusted", "trusted"])
        self.subject = rnd.choice(SUBJECTS)
        self.issuer = rnd.choice(ISSUERS)

    def __str__(self):
        return str({k: v if len(str(v)) < 80 else str(v)[:80] + "..."
                    for k, v in vars(self).items()})

    def macros(self):
        if self.version is None:
            return {}
        found = {"{tls_version}": self.version, "{cipher}": self.cipher,
                 "{cipher_bits}": str(self.bits)}
        if self.cert == "trusted":
            found.update({"{cert_subject}": self.subject,
                          "{cert_issuer}": self.issuer})
        return found

    def attributes(self):
        trusted = self.version and self.cert == "trusted"
        seen = self.version and self.cert != "none"
        return {
            "request": "smtpd_access_policy", "protocol_state": "RCPT",
            "client_address": self.client, "client_port": "4000",
            "sender": self.sender, "recipient": self.recipient,
            "ccert_subject": xtext(self.subject) if trusted else "",
            "ccert_issuer": xtext(self.issuer) if trusted else "",
            "ccert_fingerprint": "AA:" * 31 + "AA" if seen else "",
            "ccert_pubkey_fingerprint": "BB:" * 31 + "BB" if seen else "",
            "encryption_protocol": self.version or "",
            "encryption_cipher": self.cipher if self.version else "",
            "encryption_keysize": str(self.bits) if self.version else "0"}

    def options(self):
        found = ["--sender", self.sender or "<>", "--recipient", self.recipient,
                 "--peer", self.client]
        if self.version is None:
            return found
        found += ["--tls-version", self.version, "--cipher", self.cipher,
                  "--bits", str(self.bits)]
        if self.cert == "trusted":
            found += ["--subject", self.subject, "--issuer", self.issuer]
        return found


def xtext(text):
    return "".join(chr(b) if 33 <= b <= 126 and b != ord("+")
                   else "+%02X" % b for b in text.encode())


def pair(name, value):
    return name.encode() + b"\0" + value.encode() + b"\0"


def by_milter(s):
    f = milter.Filter(os.environ["MILTER_SOCKET"])
    milter.negotiate(f, [])
    f.send("D", b"C" + pair("v", "Postfix 3.7.11"))
    milter.connect(f, ["c.test", s.client, "4000"])
    f.send("D", b"M" + b"".join(pair(k, v) for k, v in s.macros().items()))
    f.step("M", b"<" + s.sender.encode() + b">\0")
    word = f.step("R", b"<" + s.recipient.encode() + b">\0")
    f.send("Q")
    f.sock.close()
    return "pass" if word == "continue" else word.replace("%%", "%")


def by_delegation(s, connection):
    request = "".join("%s=%s\n" % item for item in s.attributes().items())
    connection.sendall(request.encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n\n"):
        more = connection.recv(65536)
        if not more:
            return "closed"
        answer += more
    action = answer.decode().strip()[len("action="):]
    return "pass" if action == "DUNNO" else action


def by_explain(s):
    out = subprocess.run(
        [os.environ["TLSWARDEN"], "-c", os.environ["CONF"], "--json",
         "explain", "--direction", "in"] + s.options(),
        stdout=subprocess.PIPE, check=False)
    if out.returncode not in (0, 1):
        return "explain: exit code %d" % out.returncode
    answers = json.loads(out.stdout)["answers"]
    said = [a["answer"] for a in answers if a["by"] == "milter"][0]
    return "pass" if said == "accept" else said


# Delegation knows of a certificate by its fingerprint, a milter does not.
def is_same(milter_says, delegation_says, explain_says):
    if milter_says != explain_says:
        return False
    if "no client certificate was presented" in delegation_says:
        cut = milter_says.find(": no verified certificate")
        return cut > 0 and delegation_says[:cut] == milter_says[:cut]
    return delegation_says == milter_says


def ask(rnd):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["DELEGATION"])
    kinds, differing = {}, 0
    for i in range(1, SESSIONS + 1):
        s = Session(rnd)
        said = by_milter(s), by_delegation(s, connection), by_explain(s)
        kind = said[0][:3]
        kinds[kind] = kinds.get(kind, 0) + 1
        if not is_same(*said):
            differing += 1
            print("# session %d: %s\n# milter:     %s\n# delegation: %s\n"
                  "# explain:    %s" % ((i, s) + said))
        if i % 100 == 0:
            print("%sok - sessions %d to %d: one verdict" % (
                "not " if differing else "", i - 99, i))
            differing = 0
    print("# verdicts: %s" % kinds)
    if "SEED" in os.environ:
        return  # other rules may refuse nearly all
    several = len(kinds) >= 3 and min(kinds.values()) >= 20
    print("%sok - verdicts of every kind among them" % (
        "" if several else "not "))


def main():
    rnd = random.Random(int(os.environ.get("SEED", "20261121")))
    rules = random.Random(rnd.random())
    if sys.argv[1] == "fill":
        fill(rules)
    else:
        ask(rnd)


if __name__ == "__main__":
    main()
