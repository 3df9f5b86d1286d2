#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: the zoo of the verifier, served live: the same findings.

Chains, options and wanted findings are those of tests/zoo/zoo.table. Left out
are what only verify has, and what an OpenSSL server refuses to serve.
"""
import concurrent.futures
import os
import re
import ssl

import servers
import tap

OPTIONS = {"name"}  # those that a probe has, too
# A Certificate message of more than 100 kB is too long for OpenSSL, and so for
# Postfix.
TOO_LONG = {"many-names", "many-names-wrong", "crowd", "crowd-untrusted"}
# A probe always asks for a staple.
NOT_LIVE = {"staple-must-not-asked"}


def rows():
    path = os.path.join(tap.TOP, "tests", "zoo", "zoo.table")
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                yield [cell.strip() for cell in line.split("|")]


def load(world, row):
    """The setup of a server, or None when there is none for that row."""
    name, options, roots, chain, *_ = row
    words = dict(
        (w.split("=", 1) + [""])[:2] for w in options.split())
    leaf = chain.split()[0] if chain else ""
    key = os.path.join(tap.PKI, leaf.replace(".pem", ".key"))
    if name in NOT_LIVE or set(words) - OPTIONS or "name" not in words or not roots:
        return None
    if not os.path.exists(key):
        return None
    try:
        setup = servers.Setup(tap.bundle(world, name, *chain.split()), key)
        setup.context()
    except (OSError, ssl.SSLError):
        return None
    return setup, words["name"], os.path.join(tap.PKI, roots.split()[0])


def found(result):
    return [
        "%s%s@%d" % ("~" if f["severity"] == "notice" else "", f["class"],
                     f["index"])
        for f in result["findings"]
    ]


def one(world, row):
    ready = load(world, row)
    if ready is None:
        return None
    setup, name, roots = ready
    server = servers.Server(servers.session(), setup)
    got = world.probe(
        "mx.example.com", "--connect", server.where(), "--roots", roots,
        "--name", name, "--timeout", "10")
    server.close()
    return got


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World("expiry_warn_days = 21\n")
    table = [r for r in rows() if "," not in r[2] and len(r[2].split()) < 2]
    classes = set()
    left_out = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for row, got in zip(table, pool.map(lambda r: one(world, r), table)):
            if got is None:
                left_out += 1
                continue
            code, result, done = got
            want, verdict = row[5].split(), row[4]
            if row[0] in TOO_LONG:
                want, verdict = ["handshake_failure@-1"], "noverify"
            good = (
                isinstance(result, dict) and found(result) == want
                and result["verdict"] == verdict
                and code == (0 if verdict == "ok" else 1)
            )
            t.check(good, "live: " + row[0], "want %s %s\ngot %s, code %d\n%s"
                    % (verdict, want, result and found(result), code,
                       done.stderr))
            classes.update(re.sub("[~@].*", "", w.strip("~")) for w in want)
    print("# %d rows left out, %d classes seen" % (left_out, len(classes)))
    t.check(len(classes) >= 25 and t.count > 60,
            "most of the zoo was served", (t.count, sorted(classes)))
    t.finish()


main()
