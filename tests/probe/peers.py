#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: which faults of live servers tlswarden and other tools name.

Prints a table: the exit code of each tool and whether its output has words for
that very fault ("named"), or at least says no ("no"), or nothing ("-").
Words that stand for several faults name none of them. make check-probe-table
"""
import os
import re
import shutil
import ssl
import subprocess
import sys

import servers as s
import tap
from servers import session

T11, T12 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2
T13 = ssl.TLSVersion.TLSv1_3

# Chains of the zoo: leaf and what else is sent, roots.
CHAINS = [
    ("-", "leaf ca", "root"), ("incomplete_chain", "leafaia", "root"),
    ("untrusted_root", "privleaf privca private", "root"),
    ("untrusted_root", "privleaf privca", "root"),
    ("issuer_unknown", "rootleaf", "root"),
    ("wrong_intermediate", "leaf rekeyed", "root"),
    ("self_signed_leaf", "selfleaf", "root"),
    ("expired_leaf", "expired ca", "root"),
    ("expired_intermediate", "oldcaleaf oldca", "root"),
    ("expired_root", "oldrootleaf", "oldroot"),
    ("not_yet_valid", "future ca", "root"),
    ("name_mismatch", "cnother ca", "root"),
    ("critical_extension", "critical ca", "root"),
]
# Session faults: class, behaviour, Setup, options of probe.
SESSIONS = [
    ("no_starttls", session(ehlo=b"250-mx\r\n250 HELP\r\n"), {}),
    ("starttls_refused", session(starttls=b"454 4.7.0 not now\r\n"), {}),
    ("starttls_injection",
     session(starttls=b"220 go\r\n250 injected\r\n"), {}),
    ("handshake_failure", session(then=s.alert(40)), {}),
    ("handshake_failure", session(then=s.plaintext), {}),
    ("legacy_protocol", session(), {"low": T11, "high": T11}),
    ("connection_closed", session(then=s.close_in_handshake), {}),
    ("timeout", session(starttls=s.hang), {}),
    ("protocol_error", session(greeting=b"HTTP/1.1 400 Bad\r\n"), {}),
    ("smtp_refused", session(greeting=b"554 go away\r\n"), {}),
    ("client_cert_required", session(),
     {"high": T12, "verify": ssl.CERT_REQUIRED}),
    ("client_cert_required", session(),
     {"low": T13, "verify": ssl.CERT_REQUIRED}),
]
# Words of the other tools that name a class; all of one class are tried for
# every tool.
WORDS = {
    "untrusted_root": r"self-signed certificate in certificate chain",
    "self_signed_leaf": r"self-signed certificate(?! in)",
    "expired_leaf": r"num=10:|certificate has expired|expired certificate",
    "expired_intermediate": r"CA certificate verification failed.*expired"
    r"|depth=[1-9][^\n]*\n[^\n]*num=10:",
    "expired_root": r"depth=[1-9][^\n]*\n[^\n]*num=10:",
    "not_yet_valid": r"not yet (valid|activated)",
    "name_mismatch": r"[Hh]ostname mismatch|name in the certificate does not"
    r"|not matched",
    "critical_extension": r"critical extension",
    "no_starttls": r"STARTTLS not offered|did(n't| not) offer|"
    r"[Dd]idn't find STARTTLS|not offered",
    "starttls_refused": r"refused|454 4\.7\.0",
    "handshake_failure": r"alert handshake failure|wrong version number"
    r"|unexpected TLS packet|alert number 40",
    "legacy_protocol": r"unsupported protocol|TLSv1\.1|TLS1\.1"
    r"|protocol version",
    "connection_closed": r"[Ll]ost connection|unexpected eof"
    r"|non-properly terminated|read.errno|premature",
    "timeout": r"[Tt]imed? ?out",
    "protocol_error": r"HTTP/1\.1 400|protocol error",
    "smtp_refused": r"554 go away|refused to talk",
    "client_cert_required": r"alert certificate required|certificate_required"
    r"|[Cc]ertificate is required",
}
SAYS_NO = (r"[Vv]erif(y|ication)[^\n]*(fail|error)|NOT trusted|Untrusted"
           r"|errno|[Ee]rror|fail|not ok|Untrusted")
TOOL_SECS = 8


def clock():
    """Other tools cannot be told the time: the zoo's is put under them."""
    faketime = shutil.which("faketime")
    return [faketime, "-f", "@2026-06-01 00:00:00"] if faketime else []


def tools(port, roots):
    roots = os.path.abspath(roots)
    return [
        ("openssl s_client", [
            "openssl", "s_client", "-starttls", "smtp", "-connect",
            "127.0.0.1:%d" % port, "-servername", "mx.example.com",
            "-verify_hostname", "mx.example.com", "-verify_return_error",
            "-CAfile", roots, "-attime", str(tap.NOW)]),
        ("posttls-finger", clock() + [
            "posttls-finger", "-c", "-t", "5", "-T", "5", "-l", "secure",
            "-L", "verbose,summary", "-F", roots, "[127.0.0.1]:%d" % port,
            "mx.example.com"]),
        ("gnutls-cli", clock() + [
            "gnutls-cli", "--starttls-proto=smtp", "--x509cafile", roots,
            "--sni-hostname", "mx.example.com",
            "--verify-hostname=mx.example.com", "-p", str(port),
            "127.0.0.1"]),
    ]


def run_tool(command, folder):
    """Exit code and words; folder holds a main.cf for posttls-finger."""
    environ = dict(os.environ, MAIL_CONFIG=folder, LC_ALL="C")
    try:
        done = subprocess.run(
            command, input="QUIT\r\n", capture_output=True, text=True,
            errors="replace", timeout=TOOL_SECS, check=False, env=environ)
        return str(done.returncode), done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return "hung", ""
    except FileNotFoundError:
        return "none", ""


def says(wanted, text):
    if wanted == "-":
        return "no" if re.search(SAYS_NO, text) else "good"
    if wanted in WORDS and re.search(WORDS[wanted], text):
        return "named"
    return "no" if re.search(SAYS_NO, text) else "-"


def row(world, wanted, server, roots):
    cells = []
    code, result, _ = world.probe(
        "mx.example.com", "--connect", server.where(), "--roots", roots,
        "--timeout", "3")
    found = tap.failures(result) if isinstance(result, dict) else ["?"]
    cells.append("%d %s %s" % (
        code, result["verdict"], " ".join(found) or "-"))
    for _, command in tools(server.port, roots):
        code, text = run_tool(command, world.dir)
        cells.append("%s %s" % (code, says(wanted, text)))
    server.close()
    return cells, found == ([] if wanted == "-" else [wanted])


def cases(world):
    for i, (wanted, chain, roots) in enumerate(CHAINS):
        files = chain.split()
        setup = s.Setup(
            tap.bundle(world, "c%d" % i, *[f + ".pem" for f in files]),
            tap.key(files[0]))
        yield wanted, s.Server(session(), setup), roots
    leaf = tap.bundle(world, "leaf", "leaf.pem", "ca.pem")
    for wanted, behave, options in SESSIONS:
        setup = s.Setup(leaf, tap.key("leaf"), **options)
        yield wanted, s.Server(behave, setup), "root"


def main():
    tap.need_zoo()
    world = tap.World()
    with open(world.path("main.cf"), "w", encoding="ascii") as f:
        f.write("compatibility_level = 3.6\n")
    if not clock():
        print("without faketime posttls-finger and gnutls-cli see today's "
              "date: more is expired than should be", file=sys.stderr)
    line = "%-22s %-34s %-18s %-16s %s"
    print(line % ("fault", "tlswarden probe", "openssl s_client",
                  "posttls-finger", "gnutls-cli"))
    wrong, named, total = 0, [0, 0, 0], 0
    for wanted, server, roots in cases(world):
        cells, good = row(world, wanted, server,
                          os.path.join(tap.PKI, roots + ".pem"))
        print(line % (wanted, *cells))
        sys.stdout.flush()
        wrong += not good
        total += wanted != "-"
        for i, cell in enumerate(cells[1:]):
            named[i] += cell.endswith("named")
    print(line % ("named of %d" % total, total - wrong, *named))
    sys.exit(1 if wrong else 0)


main()
