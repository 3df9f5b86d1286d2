#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: a chain seen before tells what a server forgot to send.

A server sends its whole chain, probe --store keeps it; then the same server,
and another one under the same CA, send the leaf alone. Without what was seen
before nobody can tell whether an intermediate or a root is missing: the leaf
of the zoo does not say where its issuer is.
"""
import json
import os
import time

import servers
import tap

FULL = ("leaf.pem", "ca.pem")


def serve(world, name, *files):
    setup = servers.Setup(tap.bundle(world, name, *files), tap.key("leaf"))
    return servers.Server(servers.session(), setup)


def probe(world, host, server, *args):
    """Exit code, first failing finding (or None), and all that was said."""
    code, result, done = world.probe(
        host, "--connect", server.where(), "--name", "mx.example.com",
        "--timeout", "10", *args)
    bad = [f for f in (result or {"findings": []})["findings"]
           if f["severity"] == "fail"]
    return code, bad[0] if bad else None, done


def check(t, label, got, want, words=()):
    code, finding, done = got
    t.check(
        code == (0 if want is None else 1)
        and (finding or {}).get("class") == want
        and all(w in finding["cause"] for w in words),
        label, "%d\n%s%s" % (code, done.stdout, done.stderr))


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World()
    state = world.path("state.db")
    full = serve(world, "full", *FULL)
    leaf = serve(world, "leaf", "leaf.pem")
    alone = tap.bundle(world, "alone", "leaf.pem")

    check(t, "nothing seen: nobody can tell",
          probe(world, "mx.example.com", leaf), "issuer_unknown")
    t.check(not os.path.exists(state), "a probe alone makes no state.db")
    check(t, "the whole chain is good, and kept",
          probe(world, "MX.example.com", full, "--store"), None)
    today = time.strftime("%Y-%m-%d", time.gmtime(int(world.sql(
        "SELECT at FROM seen_chain", state))))
    pem = world.sql("SELECT pem FROM seen_chain", state)
    with open(world.path("kept.pem"), "w", encoding="ascii") as f:
        f.write(pem)
    done = world.run("verify", world.path("kept.pem"), "--time", str(tap.NOW))
    t.check(done.returncode == 0 and pem.count("BEGIN CERT") == 2,
            "it is kept as sent", done.stdout + done.stderr)
    seen = "seen at mx.example.com on " + today
    check(t, "the same server without its intermediate",
          probe(world, "mx.example.com", leaf, "--store"),
          "incomplete_chain", (seen, "reaches the trusted root"))
    check(t, "and again: the shorter chain did not take its place",
          probe(world, "mx.example.com", leaf), "incomplete_chain", (seen,))
    world.sql("UPDATE probe SET at = (SELECT max(at) FROM probe)", state)
    check(t, "another server under the same CA",
          probe(world, "mx.elsewhere.test", leaf), "incomplete_chain", (seen,))
    probe(world, "mx.elsewhere.test", full, "--store")
    seen_there = "seen at mx.elsewhere.test on "
    check(t, "what it sent itself comes first",
          probe(world, "mx.elsewhere.test", leaf), "incomplete_chain",
          (seen_there,))
    done = world.run("verify", alone, "--time", str(tap.NOW))
    t.check(done.returncode == 1 and "incomplete_chain" in done.stdout
            and "seen at mx." in done.stdout,
            "verify has the same evidence", done.stdout + done.stderr)
    logs(t, world)
    broken_state(t, world, alone, state)
    t.finish()


# Names as Postfix logs them; class and fault; words of the note.
LOGS = [
    ("/C=XX/O=Zoo/CN=Zoo Issuing CA", "incomplete_chain", "theirs",
     "seen at mx."),
    ("/C=XX/O=Zoo/CN=Zoo Root", "untrusted_root", "ours", "smtp_tls_CAfile"),
    ("/O=Private/CN=Private Root", "untrusted_root", "theirs",
     "leads to no root that trust_store has"),
    ("/CN=Nobody knows it", "issuer_unknown", "theirs", "Postfix says the"),
]


def logs(t, world):
    """annotate tells issuers apart by trust store, table and state.db."""
    private = os.path.join(tap.PKI, "private.pem")
    world.new_table()
    world.run("ca", "import", "Private", private)
    for issuer, want, fault, words in LOGS:
        with open(world.path("log"), "w", encoding="ascii") as f:
            f.write("Jun  1 10:00:00 mx postfix/smtp[7]: certificate "
                    "verification failed for mx.b.test[192.0.2.1]:25: "
                    "untrusted issuer %s\n" % issuer)
        done = world.run("annotate", "--json", world.path("log"))
        got = json.loads(done.stdout)[0]
        t.check(
            got["class"] == want and got["fault"] == fault
            and words in got["note"] and done.returncode == 1,
            "annotate: %s: %s" % (issuer, want), done.stdout + done.stderr)
    last_probes(t, world)


# A peer as it is logged; the class of its last probe, if it has one.
PROBED = [
    ("mx.example.com[192.0.2.1]:25", True, "incomplete_chain"),
    ("MX.elsewhere.test[192.0.2.1]:25", True, None),
    ("mx.never.test[192.0.2.1]:25", False, None),
    ("[192.0.2.1]:25", False, None),
]


def last_probes(t, world):
    """A handshake that failed: what the last probe of the server found."""
    with open(world.path("log"), "w", encoding="ascii") as f:
        for peer, _, _ in PROBED:
            f.write("Jun  1 10:00:00 mx postfix/smtp[7]: SSL_connect error to "
                    "%s: -1\n" % peer)
    done = world.run("annotate", "--json", world.path("log"))
    for (peer, has, want), got in zip(PROBED, json.loads(done.stdout)):
        last = got["last_probe"]
        t.check(
            (last is not None) == has
            and (not has or (last["class"] == want and last["at"])),
            "annotate: the last probe of " + peer, str(last))
    done = world.run("annotate", world.path("log"))
    t.check(" probe  found incomplete_chain on " in done.stdout
            and "found nothing wrong on " in done.stdout,
            "in words, too", done.stdout)


def broken_state(t, world, alone, state):
    """Judging a chain needs no state.db, and takes one of version 1."""
    world.sql("DROP TABLE seen_chain; PRAGMA user_version = 1;", state)
    done = world.run("verify", alone, "--time", str(tap.NOW))
    t.check(done.returncode == 1 and "issuer_unknown" in done.stdout
            and "could not be asked" not in done.stdout,
            "an older state.db has none", done.stdout + done.stderr)
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(state + suffix):
            os.unlink(state + suffix)
    with open(state, "w", encoding="ascii") as f:
        f.write("no database at all, but text of some length\n" * 99)
    done = world.run("verify", alone, "--time", str(tap.NOW))
    t.check(done.returncode == 1 and "issuer_unknown" in done.stdout
            and "chains seen before could not be asked: " in
            " ".join(done.stdout.split()),
            "a broken state.db is told", done.stdout + done.stderr)
    done = world.run("verify", os.path.join(tap.PKI, "root.pem"), "--purpose",
                     "any", "--time", str(tap.NOW))
    t.check(done.returncode == 0, "and not asked without need",
            done.stdout + done.stderr)


main()
