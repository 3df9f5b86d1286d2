#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: mail flows by random tables while everything fails.

usage: random_run.py RUN CONF POLICYD SENDER-ETC [--seed N] [--scenes N]
                     [--duration SECS] [--secs SECS] [--journal FILE]

Run by t-out-random.sh, which says what it needs; TAP on standard output. Each
scene has a seed of its own, N, N + 1, ...: run one again with --scenes 1.
"""
import argparse
import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time

from random_chaos import Chaos, words_of
from random_journal import Journal
from random_oracle import NOBODY, History, World, winner
from random_peers import start_peers
from random_world import HOME, Scene, Table, is_mark, static_zone

SLACK_SECS = 6          # a lookup of the old table, a delivery under way
BOUNCE_SECS = 2         # a status of the old table, on its way to the log
SETTLE_SECS = 60
SEED = 6003             # its scene has mail of every fate
MANY = 5                # any so many scenes have
REPORTS = 4             # wrong results of a scene that are told in full
FATE = re.compile(r"\[(\d+)\]: ([0-9A-F]+): to=<([^>]*)>, .*"
                  r"dsn=([0-9.]+), status=(\w+) \((.*)\)$")
FROM = re.compile(r"qmgr\[\d+\]: ([0-9A-F]+): from=<([^>]*)>")
PAIRS = ["good", "second", "untrusted", "expired", "wrongname", "address",
         "selfsigned", "chain", "incomplete"]
RULE = re.compile(r"policy rule (\d+) ")
NOT_TLS = re.compile("client TLS configuration problem|resolver failure")


class Tap:
    count = failed = 0

    @classmethod
    def check(cls, good, what, details=()):
        cls.count += 1
        cls.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", cls.count, what))
        for detail in [] if good else list(details)[:20]:
            print("#", detail.text if isinstance(detail, Wrong) else detail)
        sys.stdout.flush()


class Witness:
    """What the receivers and Postfix's log say, judged as it happens."""

    def __init__(self, world, journal):
        self.lock = threading.Lock()
        self.world, self.journal = world, journal
        self.begin(None, None)

    def begin(self, scene, history):
        with self.lock:
            self.scene, self.history = scene, history
            self.wrongs = []            # Wrong: what never may happen
            self.heard_rcpts = 0
            self.delivered = {}         # (message, recipient) -> times
            self.bounced = {}           # -> (time, text of the log)
            self.told = {}              # -> part of the bounce's body
            self.deferred = {}          # -> (time, text)
            self.queue_ids = {}

    def rules_of(self, recipient, start, end, slack_secs):
        route = self.scene.routes[recipient.rsplit("@", 1)[1]]
        return route, [winner(rules, recipient, route, moment)
                       for rules, moment in self.history.served(
                           start, end, slack_secs)]

    def wrong(self, what, key, rules):
        wrong = Wrong("%s to %s: %s; rules that could be: %s" % (
            key[0], key[1], what,
            sorted({r["id"] if r else 0 for r in rules})), key)
        self.wrongs.append(wrong)
        self.journal.add("wrong", wrong.text)

    def ids_of(self, message):
        with self.lock:
            return [queue_id for queue_id, sender in self.queue_ids.items()
                    if sender.split("@")[0] == message]

    def heard(self, kind, tls, sender, recipient):
        """A receiver: RCPT, before it answers."""
        if not sender or recipient.endswith(HOME):
            return
        now = time.time()
        with self.lock:
            self.heard_rcpts += 1
            if not self.is_ours(recipient):
                return
            route, found = self.rules_of(recipient, now, now,
                                         SLACK_SECS + kind.delay)
            rules = [rule for rule, _ in found]
            host = route.hosts[route.kinds.index(kind)]
            if not any(self.world.may_be_heard(rule, kind, host, route, tls)
                       for rule in rules):
                self.wrong("heard by %s %s" % (kind.name, "in clear" if
                           tls is None else "by %s, %d bits" % tls),
                           (sender.split("@")[0], recipient), rules)

    def is_ours(self, recipient):
        return recipient.rsplit("@", 1)[1] in self.scene.routes

    def took(self, _kind, sender, recipients, text):
        with self.lock:
            for recipient in recipients:
                if recipient.endswith(HOME):
                    self.took_bounce(recipient.split("@")[0], text)
                elif sender:
                    key = (sender.split("@")[0], recipient)
                    self.delivered[key] = self.delivered.get(key, 0) + 1

    def took_bounce(self, message, text):
        for part in re.split(r"\n\n", text):
            to = re.search(r"^Final-Recipient: rfc822; *(\S+)", part, re.M)
            if to:
                self.told[(message, to.group(1).lower())] = \
                    re.sub(r"\s+", " ", part)

    def logged(self, line):
        """A line of the sender's maillog."""
        self.journal.add("mail", line)
        found = FROM.search(line)
        with self.lock:
            if found:
                self.queue_ids[found.group(1)] = found.group(2)
            found = FATE.search(line)
            if not found:
                return
            _, queue_id, recipient, _, status, text = found.groups()
            key = (self.queue_ids.get(queue_id, "").split("@")[0],
                   recipient.lower())
            if key[0] and self.is_ours(recipient.lower()):
                self.took_fate(key, status, text, logged_at(line))

    def took_fate(self, key, status, text, logged):
        now = time.time()
        if status == "deferred":
            self.deferred[key] = (now, text)
        if status != "bounced":
            return
        self.bounced[key] = (now, text)
        # Our reading may be late. The clock of the log has no fractions.
        route, found = self.rules_of(key[1], min(now, logged) - 1, now,
                                     BOUNCE_SECS)
        rules = [rule for rule, _ in found]
        named = RULE.search(text)
        able = [(rule, alike) for rule, alike in found if rule and
                rule["on_failure"] == "fail" and any(
                    self.world.fault(rule, kind, host, route) in
                    ("clear", "certificate")
                    for kind, host in zip(route.kinds, route.hosts))]
        # Rules about users of one domain and level: any of them is named.
        ids = {r["id"] for rule, alike in able for r in [rule] + alike}
        if named is not None:
            text = "(%s) %s" % (self.history.age_of(int(named.group(1)), now),
                                text)
        if not able:
            self.wrong("bounced: " + text, key, rules)
        elif named is None or int(named.group(1)) not in ids:
            self.wrong("the bounce does not name its rule: " + text, key,
                       rules)


def logged_at(line):
    """The time in front of a line, which names no year."""
    now = time.localtime()
    for year in (now.tm_year, now.tm_year - 1):
        when = time.mktime(time.strptime("%d %s" % (year, line[:15]),
                                         "%Y %b %d %H:%M:%S"))
        if when <= time.time() + 86400:
            break
    return when


class Wrong:
    def __init__(self, text, key, moment=None):
        self.text, self.key = text, key         # (message, recipient)
        self.moment = moment or time.time()


class Log(threading.Thread):
    def __init__(self, path, witness):
        super().__init__(daemon=True)
        self.path, self.witness = path, witness

    def run(self):
        with open(self.path, encoding="latin-1") as log:
            rest = ""
            while True:
                more = log.readline()
                if not more:
                    time.sleep(0.05)
                    continue
                rest += more
                if rest.endswith("\n"):
                    self.witness.logged(rest.rstrip("\n"))
                    rest = ""


class Mail(threading.Thread):
    """Hands messages to Postfix until it is told to stop."""

    def __init__(self, scene, etc, rng, secs):
        super().__init__(daemon=True)
        self.scene, self.etc, self.rng = scene, etc, rng
        self.end = time.time() + secs
        self.sent = {}          # (message, recipient) -> time
        self.count = 0

    def run(self):
        while time.time() < self.end:
            self.send()
            time.sleep(self.rng.uniform(0.02, 0.2))

    def send(self):
        recipients = self.scene.recipients()
        message = "m%d-%d" % (self.scene.number, self.count)
        text = "Subject: test\n\nSecret text.\n"
        done = subprocess.run(
            ["sendmail", "-C", self.etc, "-f", "%s@%s" % (message, HOME)] +
            [self.scene.spelled(r) for r in recipients],
            input=text.encode(), stderr=subprocess.PIPE, check=False)
        if done.returncode == 0:
            self.count += 1
            for recipient in recipients:
                self.sent[(message, recipient)] = time.time()


class Runner:
    def __init__(self, options):
        self.options = options
        pki = options.run + "/pki"
        self.world = world_of(pki)
        self.table = Table(options.run + "/db/policy.db", pki)
        self.journal = Journal(options.journal or
                               options.run + "/journal.log")
        self.witness = Witness(self.world, self.journal)
        self.chaos = Chaos(options, self.table, self.journal)
        self.totals = {"messages": 0, "recipients": 0, "delivered": 0,
                       "bounced": 0, "waiting": 0, "twice": 0, "heard": 0}
        start_peers(pki, self.witness)
        self.chaos.start_dns(static_zone())
        self.chaos.start_policyd()
        Log(options.run + "/send.maillog", self.witness).start()

    def scene(self, seed):
        rng = random.Random(seed)
        scene = Scene(seed, rng, self.table, self.world)
        history = History()
        self.journal.begin("scene of seed %d" % seed)
        self.chaos.set_zone(static_zone() + scene.zone)
        self.chaos.begin(scene, history, random.Random(rng.random()))
        self.chaos.change(list(self.table.rows.values()), scene.first_rules())
        # What the last scene's table said is over.
        history.tables = history.tables[-1:]
        self.witness.begin(scene, history)
        mail = Mail(scene, self.options.etc, random.Random(rng.random()),
                    self.options.secs)
        mail.start()
        while mail.is_alive():
            self.chaos.act()
        self.chaos.mend()
        self.settle(mail)
        self.judge(seed, mail)
        subprocess.run(["postsuper", "-c", self.options.etc, "-d", "ALL"],
                       stderr=subprocess.DEVNULL, check=True)

    # ---- the end of a scene ---------------------------------------------
    def outcome(self, key, since):
        """(what became of it, what ought to, an explanation)."""
        scene, witness = self.scene_now(), self.witness
        recipient = key[1]
        route = scene.routes[recipient.rsplit("@", 1)[1]]
        rule, _ = winner(list(self.table.rows.values()), recipient, route,
                         time.time())
        ought = self.world.fate(rule, route)[0]
        when, text = witness.deferred.get(key, (0, "never tried"))
        if key in witness.delivered:
            became = "sent"
        elif key in witness.bounced:
            became = "bounced" if key in witness.told else "bounce lost"
        elif when > since and (not NOT_TLS.search(text) or
                               (rule and rule["ca"] == NOBODY)):
            became = "waits"
        else:
            became = "not tried"
        return became, ought, "rule %s, %s" % (rule and rule["id"], text)

    def scene_now(self):
        return self.witness.scene

    def is_right(self, key, since):
        """Whatever was delivered or bounced earlier was judged when it was."""
        became, ought, _ = self.outcome(key, since)
        return became in ("sent", "bounced") or became == ought

    def settle(self, mail):
        self.mended = time.time()
        end = self.mended + SETTLE_SECS
        while time.time() < end:
            subprocess.run(["postqueue", "-c", self.options.etc, "-f"],
                           check=False)
            time.sleep(1)
            with self.witness.lock:
                if all(self.is_right(key, self.mended) for key in mail.sent):
                    return

    def queue(self):
        """Of Postfix's own list: every (message, recipient)."""
        text = subprocess.run(["postqueue", "-c", self.options.etc, "-p"],
                              stdout=subprocess.PIPE, check=True).stdout
        found, message = set(), None
        for line in text.decode("latin-1").split("\n"):
            head = re.match(r"[0-9A-F]+[*!]? .* (\S+)$", line)
            if head:
                message = head.group(1).split("@")[0]
            elif re.match(r" +\S+@\S+$", line):
                found.add((message, line.strip().lower()))
        return found

    def judge(self, seed, mail):
        queue = self.queue()
        witness = self.witness
        with witness.lock:
            wrong, lost, both = [], [], []
            for key in sorted(mail.sent):
                became, ought, why = self.outcome(key, self.mended)
                when = witness.deferred.get(key, (None, ""))[0]
                head = "%s to %s: %s" % (key[0], key[1], became)
                if not self.is_right(key, self.mended):
                    wrong.append(Wrong("%s, want %s; %s" % (
                        head, ought, why), key, when))
                if became not in ("sent", "bounced") and key not in queue:
                    lost.append(Wrong("%s; %s" % (head, why), key, when))
                if became in ("sent", "bounced") and key in queue:
                    both.append(Wrong(head + " and queued", key, when))
            self.add_up(mail, queue)
            what = "seed %d: %s" % (seed, self.summary(mail, queue))
            Tap.check(not witness.wrongs, what + ": nothing in clear or to "
                      "the wrong peer, no bounce but by its rule",
                      witness.wrongs)
            Tap.check(not wrong, "seed %d: each message ended as its rule "
                      "says" % seed, wrong)
            Tap.check(not lost and not both, "seed %d: no message is lost" %
                      seed, lost + both)
        wrongs = witness.wrongs + wrong + lost + both
        if wrongs:
            self.tell(seed, wrongs)

    def add_up(self, mail, queue):
        witness, totals = self.witness, self.totals
        totals["messages"] += mail.count
        totals["recipients"] += len(mail.sent)
        totals["delivered"] += len(witness.delivered)
        totals["twice"] += sum(n > 1 for n in witness.delivered.values())
        totals["bounced"] += len(witness.bounced)
        totals["waiting"] += len(queue)
        totals["heard"] += witness.heard_rcpts

    def summary(self, mail, queue):
        witness = self.witness
        return "%d messages, %d recipients: %d delivered, %d bounced, " \
            "%d wait; %s" % (
                mail.count, len(mail.sent), len(witness.delivered),
                len(witness.bounced), len(queue), self.chaos.summary())

    def tell(self, seed, wrongs):
        """All that explains a wrong result, as comments of the log."""
        for row in self.table.rows.values():
            if not is_mark(row):
                print("# seed %d: in the end %s" % (seed, words_of(row)))
        for name, route in self.witness.scene.routes.items():
            print("# seed %d: %s %s" % (seed, name, [
                kind.name for kind in route.kinds]))
        for wrong in wrongs[:REPORTS]:
            print("# ---- %s" % wrong.text)
            ids = self.witness.ids_of(wrong.key[0])
            recipient = wrong.key[1]
            route = self.witness.scene.routes[recipient.rsplit("@", 1)[1]]
            for line in self.journal.about(wrong.moment, ids, recipient,
                                           route.nexthop):
                print("#", line)
        print("# the whole journal: %s" % self.journal.file.name)
        sys.stdout.flush()


def world_of(pki):
    names, addresses, prints = {}, {}, {}
    for pair in PAIRS:
        text = subprocess.run(
            ["openssl", "x509", "-in", "%s/%s.pem" % (pki, pair), "-noout",
             "-ext", "subjectAltName", "-fingerprint", "-sha256"],
            stdout=subprocess.PIPE, check=True).stdout.decode("ascii")
        names[pair] = re.findall(r"DNS:([^, \n]+)", text)
        addresses[pair] = re.findall(r"IP Address:([^, \n]+)", text)
        prints[pair] = re.search(r"ingerprint=(\S+)", text).group(1) \
            .replace(":", "").lower()
    return World(names, addresses, prints)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("run")
    parser.add_argument("conf")
    parser.add_argument("policyd")
    parser.add_argument("etc")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scenes", type=int, default=1)
    parser.add_argument("--duration", type=float, default=0)
    parser.add_argument("--secs", type=float, default=15)
    parser.add_argument("--journal")
    options = parser.parse_args()
    runner = Runner(options)
    start = time.time()
    done = 0
    while done < options.scenes or time.time() - start < options.duration:
        runner.scene(options.seed + done)
        done += 1
    totals = runner.totals
    print("# %d scenes, seeds %d to %d, in %d s: %s" % (
        done, options.seed, options.seed + done - 1, time.time() - start,
        ", ".join("%d %s" % (n, what) for what, n in totals.items())))
    if done >= MANY or options.seed == SEED:
        Tap.check(totals["delivered"] and totals["bounced"] and
                  totals["waiting"], "there was mail of every fate", [totals])
    print("1..%d" % Tap.count)
    return Tap.failed > 0


if __name__ == "__main__":
    sys.exit(main())
