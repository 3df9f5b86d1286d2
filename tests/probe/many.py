#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: 200 servers, every tenth hangs: done in the timeout + 1 s."""
import collections
import time

import servers as s
import tap

COUNT, TIMEOUT = 200, 5
HANGS = [s.hang, s.session(ehlo=s.hang), s.session(starttls=s.hang),
         s.session(then=s.hang), s.session(then=s.hang_inside)]


def main():
    tap.need_zoo()
    t = tap.Tap()
    world = tap.World()
    world.new_table()
    chain = tap.bundle(world, "leaf", "leaf.pem", "ca.pem")
    setup = s.Setup(chain, tap.key("leaf"))
    shared = setup.context()
    setup.context = lambda: shared
    all_servers, rules = [], []
    for i in range(COUNT):
        behave = HANGS[i // 10 % len(HANGS)] if i % 10 == 9 else s.session()
        all_servers.append(s.Server(behave, setup))
        rules.append(
            "INSERT INTO policy(direction, recipient, level) VALUES('out', "
            "'[127.0.0.1]:%d', 'encrypt');" % all_servers[-1].port)
    world.sql("\n".join(rules))
    begin = time.monotonic()
    code, result, done = world.probe(
        "--all", "--parallel", str(COUNT), "--timeout", str(TIMEOUT),
        "--name", "mx.example.com", "--store")
    secs = time.monotonic() - begin
    for server in all_servers:
        server.close()
    outcomes = collections.Counter(r["outcome"] for r in result or [])
    t.check(code == 1 and len(result) == COUNT, "all are probed", done.stderr)
    t.check(outcomes == {"delivered": 180, "deferred": 20},
            "by a rule of level encrypt a tenth is deferred", outcomes)
    t.check(
        [tap.failures(r) for r in result if r["outcome"] == "deferred"]
        == [["timeout"]] * 20, "for a timeout", done.stderr)
    # A sanitizer's program is several times slower, and not what is measured.
    with open(tap.PROGRAM, "rb") as f:
        slack = 10 if b"__asan_init" in f.read() else 1
    t.check(TIMEOUT / 2 <= secs < TIMEOUT + slack,
            "ends within the timeout and a second", "%.2f s" % secs)
    t.check(
        all("2.5 s, the limit of one step" in r["findings"][0]["cause"]
            for r in result if r["outcome"] == "deferred"),
        "by the limit of the step in which it hangs", done.stdout)
    print("# %d servers in %.2f s, timeout %d s" % (COUNT, secs, TIMEOUT))
    state = world.path("state.db")
    t.check(
        world.sql("SELECT verdict, class, count(*) FROM probe "
                  "GROUP BY 1, 2 ORDER BY 3", state).splitlines()
        in (["noverify|timeout|16", "fail|timeout|4", "ok||180"],
            ["fail|timeout|4", "noverify|timeout|16", "ok||180"]),
        "--store keeps them",
        world.sql("SELECT verdict, class, count(*) FROM probe GROUP BY 1, 2",
                  state))
    t.finish()


main()
