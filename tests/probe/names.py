#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: MX, addresses, null MX, literals and DNS trouble; rules; logs.

The DNS server is the test's own (tests/e2e/dns.py). Hosts have addresses of
loopback, where nothing listens at port 25 unless the machine has a mail
server: only what does not depend on that is asserted.
"""
import os
import socket
import subprocess
import sys
import time

import servers as s
import tap

NAMES = """
two.test MX 20 b.two.test
two.test MX 10 a.two.test
a.two.test A 127.9.9.1
b.two.test A 127.9.9.2
b.two.test AAAA ::1
plain.test A 127.9.9.3
null.test MX 0 .
broken.test FAIL
half.test MX 10 gone.half.test
half.test MX 20 a.two.test
mx.bank.test A 127.0.0.1
bank.test MX 10 mx.bank.test
"""


def start_dns(world):
    table = world.path("names")
    with open(table, "w", encoding="ascii") as f:
        f.write(NAMES)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    dns = subprocess.Popen(
        [sys.executable, os.path.join(tap.TOP, "tests", "e2e", "dns.py"),
         "127.0.0.1", str(port), table])
    time.sleep(0.5)
    with open(world.conf, "a", encoding="ascii") as f:
        f.write('dns_servers = {"127.0.0.1@%d"}\n' % port)
    return dns


def places(result):
    return [(r["host"], r["address"]) for r in result or []]


def check_dns(t, world):
    _, r, done = world.probe("two.test", "--timeout", "3")
    t.check(
        places(r) == [("a.two.test", "127.9.9.1"),
                      ("b.two.test", "127.9.9.2"), ("b.two.test", "::1")],
        "MX hosts by preference, all their addresses", done.stdout)
    _, r, done = world.probe("plain.test", "--timeout", "3")
    t.check(places(r) == [("plain.test", "127.9.9.3")],
            "without MX the domain's own address", done.stdout)
    code, r, done = world.probe("null.test", "--timeout", "3")
    t.check(
        code == 1 and tap.failures(r[0]) == ["dns_failure"]
        and r[0]["verdict"] == "noverify" and r[0]["outcome"] == "bounced"
        and "null MX" in r[0]["findings"][0]["cause"],
        "a null MX bounces", done.stdout)
    code, r, done = world.probe("nowhere.test", "--timeout", "3")
    t.check(
        code == 1 and tap.failures(r[0]) == ["dns_failure"]
        and r[0]["outcome"] == "bounced", "no such domain bounces",
        done.stdout)
    code, r, done = world.probe("broken.test", "--timeout", "3")
    t.check(
        code == 1 and tap.failures(r[0]) == ["dns_failure"]
        and r[0]["outcome"] == "deferred", "trouble of DNS defers",
        done.stdout)
    _, r, done = world.probe("half.test", "--timeout", "3")
    t.check(
        places(r) == [("gone.half.test", None), ("a.two.test", "127.9.9.1")]
        and tap.failures(r[0]) == ["dns_failure"],
        "one MX host without address does not hide the other", done.stdout)
    _, r, done = world.probe("[a.two.test]:9", "--timeout", "3")
    t.check(places(r) == [("a.two.test", "127.9.9.1")] and r[0]["port"] == 9,
            "[host]:port is that host", done.stdout)
    _, r, done = world.probe("[127.9.9.7]", "--timeout", "3")
    t.check(places(r) == [("127.9.9.7", "127.9.9.7")] and r[0]["port"] == 25,
            "an address is itself", done.stdout)
    _, r, done = world.probe("[IPv6:::1]:9", "--timeout", "3")
    t.check(places(r) == [("::1", "::1")] and r[0]["port"] == 9,
            "an IPv6 address, too", done.stdout)


def check_hang(t, world):
    """A DNS server that never answers."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    hung = tap.World('dns_servers = {"127.0.0.1@%d"}\n'
                     % sock.getsockname()[1])
    begin = time.monotonic()
    code, r, done = hung.probe("two.test", "--timeout", "2")
    secs = time.monotonic() - begin
    sock.close()
    t.check(
        code == 1 and tap.failures(r[0]) == ["dns_failure"]
        and r[0]["outcome"] == "deferred" and secs < 3,
        "a DNS server that is silent: in time (%.1f s)" % secs, done.stdout)


def check_usage(t, world):
    for args, want, words in [
        ([], 64, "is needed"),
        (["user@example.com"], 64, "nothing to probe"),
        ([".example.com"], 64, "nothing to probe"),
        (["-exa mple"], 64, ""),
        (["a..b"], 64, "nothing to probe"),
        (["x.test", "--connect", "mx.test:25"], 64, "--connect"),
        (["x.test", "y.test", "--connect", "127.0.0.1:9"], 64, "--connect"),
        (["x.test", "--mode", "pop3"], 64, "starttls"),
        (["x.test", "--timeout", "0"], 64, "--timeout"),
        (["x.test", "--parallel", "257"], 64, "--parallel"),
        (["x.test", "--time", "soon"], 64, "--time"),
        (["x.test", "--roots", "/nowhere"], 66, "/nowhere"),
        (["x.test", "--crl", "/nowhere"], 66, "/nowhere"),
        (["--from-log", "/nowhere"], 66, "/nowhere"),
        (["--from-log", "/dev/null"], 65, "no delivery"),
    ]:
        done = world.run("probe", *args)
        t.check(done.returncode == want and words in done.stderr,
                "probe %s: exit code %d" % (" ".join(args), want),
                "%d %s" % (done.returncode, done.stderr))


RULES = """
INSERT INTO ca(name, pem) VALUES('zoo', CAST(readfile('%(pki)s/root.pem') AS TEXT));
INSERT INTO ca(name, pem) VALUES('other', CAST(readfile('%(pki)s/private.pem') AS TEXT));
INSERT INTO policy(direction, recipient, level, on_failure, ca, cert_name)
 VALUES('out', 'good.test', 'secure', 'fail', 'zoo', 'mx.example.com');
INSERT INTO policy(direction, recipient, level, on_failure, ca, cert_name)
 VALUES('out', 'wrongca.test', 'secure', 'fail', 'other', 'mx.example.com');
INSERT INTO policy(direction, recipient, level) VALUES('out', 'name.test',
 'secure');
INSERT INTO policy(direction, recipient, level, min_protocol)
 VALUES('out', 'old.test', 'encrypt', 'TLSv1.3');
INSERT INTO policy(direction, recipient, level, min_bits)
 VALUES('out', 'weak.test', 'encrypt', 256);
INSERT INTO policy(direction, recipient, level, cert_fingerprint)
 VALUES('out', 'pin.test', 'encrypt', '%(pin)s');
INSERT INTO policy(direction, recipient, level, cert_fingerprint)
 VALUES('out', 'wrongpin.test', 'encrypt', '%(zeros)s');
INSERT INTO policy(direction, recipient, level) VALUES('out', 'none.test',
 'none');
INSERT INTO policy(direction, recipient, subnet, level)
 VALUES('out', 'sub.test', '127.0.0.0/8', 'secure');
INSERT INTO policy(direction, sender, level) VALUES('in', 'x.test',
 'encrypt');
INSERT INTO policy(direction, recipient, level) VALUES('out', '*@*.glob.test',
 'encrypt');
"""

# domain, roots, exit code, outcome, rule, reason
JUDGED = [
    ("good.test", "private.pem", 0, "delivered", 1, None),
    ("wrongca.test", "root.pem", 1, "bounced", 2, "cert_not_verified"),
    ("name.test", "root.pem", 1, "deferred", 3, "cert_not_verified"),
    ("old.test", "root.pem", 1, "deferred", 4, "protocol_too_old"),
    ("weak.test", "root.pem", 1, "deferred", 5, "cipher_too_weak"),
    ("pin.test", "private.pem", 0, "delivered", 6, None),
    ("wrongpin.test", "root.pem", 1, "deferred", 7, "fingerprint_mismatch"),
    ("none.test", "root.pem", 1, "delivered", 8, None),
    ("sub.test", "root.pem", 1, "deferred", 9, "cert_not_verified"),
    ("else.test", "root.pem", 1, "delivered", None, None),
]


def fingerprint():
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in",
         os.path.join(tap.PKI, "leaf.pem")],
        capture_output=True, text=True, check=True).stdout
    return text.split("=")[1].strip()


def check_rules(t, world, server):
    world.new_table()
    world.sql(RULES % {"pki": os.path.abspath(tap.PKI), "pin": fingerprint(),
                       "zeros": "0" * 64})
    for domain, roots, want, outcome, rule, reason in JUDGED:
        code, r, done = world.probe(
            domain, "--connect", server.where(), "--roots",
            os.path.join(tap.PKI, roots))
        t.check(
            isinstance(r, dict) and code == want and r["rule"] == rule
            and r["outcome"] == outcome and r["reason"] == reason,
            "%s: %s by rule %s" % (domain, outcome, rule),
            "%d\n%s%s" % (code, done.stdout, done.stderr))
    code, r, done = world.probe(
        "else.test", "--connect", server.where(), "--rule", "4")
    t.check(code == 1 and r["rule"] == 4 and r["reason"] ==
            "protocol_too_old", "--rule takes another rule", done.stdout)
    for rule, want, words in [("99", 65, "no rule 99"),
                              ("10", 64, "mail that we receive"),
                              ("x", 64, "no number")]:
        _, r, done = world.probe(
            "else.test", "--connect", server.where(), "--rule", rule)
        t.check(done.returncode == want and words in done.stderr,
                "--rule %s: exit code %d" % (rule, want), done.stderr)
    done = world.run("probe", "wrongca.test", "--connect", server.where(),
                     "--time", str(tap.NOW))
    t.check(
        "mail here would be bounced by policy rule 2 (level secure)"
        in done.stdout and "cert_not_verified" in done.stdout,
        "the text names outcome and rule", done.stdout)
    done = world.run("probe", "--all", "--json", "--timeout", "2")
    t.check("1 rule is for no single domain" in done.stderr,
            "--all counts what it leaves out", done.stderr)


LOG = """\
Jun  1 10:00:00 mx postfix/smtp[7]: A1: to=<a@bank.test>, relay=mx.bank.test\
[127.0.0.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)
Jun  1 10:00:01 mx postfix/smtp[7]: A2: to=<b@BANK.test>, relay=none, delay=1
Jun  1 10:00:02 mx postfix/local[8]: A3: to=<c@local.test>, relay=local, x
Jun  1 10:00:02 mx postfix/lmtp[8]: A3: to=<c@lmtp.test>, relay=x[y], z
Jun  1 10:00:03 mx postfix/smtpd[9]: A4: client=x[1.2.3.4], to=<x@in.test>
Jun  1 10:00:04 mx sm-mta[10]: 1: to=<d@null.test>, delay=0, mailer=esmtp, \
relay=mx.two.test. [127.9.9.1], dsn=2.0.0, stat=Sent
Jun  1 10:00:05 mx sm-mta[10]: 2: to=<e@here.test>, mailer=local, relay=x
Jun  1 10:00:06 mx postfix/smtp[7]: A5: to=<a@-bad-.t est>, relay=none, x
"""


def check_ca(t, world, server):
    """ca import --from-probe takes the top of the chain."""
    name = "[127.0.0.1]:%d" % server.port
    done = world.run("ca", "import", "top", "--from-probe", name, "--json")
    t.check(
        done.returncode == 0 and "Zoo Issuing CA" in done.stdout
        and "mx.example.com" not in done.stdout,
        "ca import --from-probe: the last CA that was sent",
        done.stdout + done.stderr)
    t.check(
        "BEGIN CERTIFICATE" in world.sql(
            "SELECT pem FROM ca WHERE name = 'top'"), "it is in the table")
    again = world.run("ca", "import", "top", "--from-probe", name)
    t.check(again.returncode == 65 and "--replace" in again.stderr,
            "not twice", again.stderr)
    alone = s.Server(s.session(), s.Setup(
        tap.bundle(world, "self", "selfleaf.pem"), tap.key("selfleaf")))
    done = world.run("ca", "import", "x", "--from-probe",
                     "[127.0.0.1]:%d" % alone.port)
    alone.close()
    t.check(done.returncode == 65 and "self-signed" in done.stderr,
            "a self-signed certificate is no CA", done.stderr)
    done = world.run("ca", "import", "x", "--from-probe", "[127.0.0.1]:1")
    t.check(done.returncode == 69 and "127.0.0.1" in done.stderr,
            "a server that is not there", done.stderr)
    done = world.run("ca", "import", "x")
    t.check(done.returncode == 64 and "--from-probe" in done.stderr,
            "without FILE and HOST", done.stderr)


def check_progress(t, world, server):
    """On a terminal standard error counts, and is wiped in the end."""
    ours, theirs = os.openpty()
    done = subprocess.run(
        [tap.PROGRAM, "-c", world.conf, "probe", "--json", "--timeout", "3",
         "--parallel", "1", "[127.0.0.1]:%d" % server.port, "[127.0.0.1]:1"],
        stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    t.check("probed 2 of 2" in said and said.rstrip().endswith("\033[K")
            and b"probed" not in done.stdout,
            "progress on a terminal", repr(said))


def check_log(t, world):
    path = world.path("mail.log")
    with open(path, "w", encoding="ascii") as f:
        f.write(LOG)
    _, r, done = world.probe("--from-log", path, "--timeout", "2")
    t.check([x["target"] for x in r or []] == ["bank.test", "null.test"],
            "--from-log finds the domains that mail went to", done.stdout)


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World()
    chain = tap.bundle(world, "leaf", "leaf.pem", "ca.pem")
    setup = s.Setup(chain, tap.key("leaf"), high=s.ssl.TLSVersion.TLSv1_2)
    weak = setup.context

    def context():
        ctx = weak()
        ctx.set_ciphers("AES128:@SECLEVEL=0")
        return ctx

    setup.context = context
    server = s.Server(s.session(), setup)
    dns = start_dns(world)
    try:
        check_dns(t, world)
        check_hang(t, world)
        check_usage(t, world)
        check_log(t, world)
        check_rules(t, world, server)
        check_ca(t, world, server)
        check_progress(t, world, server)
    finally:
        dns.kill()
        dns.wait()
        server.close()
    t.finish()


main()
