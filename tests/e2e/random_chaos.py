# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: what fails while mail flows, for t-out-random.

One act after the other: a change of the table, or a trouble that begins and
ends. The history of the tables that could be served is kept here, since here
is known what was confirmed.
"""
import collections
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from random_world import PLAIN

CONFIRM_SECS = 20
GARBAGE = [b"12:TEMP trouble,", b"9:PERM oops,", b"not a netstring at all",
           b"99999999999:", b"4:what,", b"3:OK ,", b"12:OK", b""]


def netstring(text):
    data = text.encode()
    return b"%d:%s," % (len(data), data)


class Chaos:
    def __init__(self, options, table, journal):
        self.options, self.table, self.journal = options, table, journal
        self.run = options.run
        self.socket_path = self.run + "/send/spool/tlswarden/policyd.sock"
        self.etc = options.etc
        self.dns = self.policyd = None
        self.zone = []
        self.acts = [self.change_rules] * 5 + [
            self.kill_policyd, self.kill_policyd, self.stop_policyd,
            self.hang_policyd, self.hang_policyd_and_change,
            self.spoil_table, self.spoil_table_and_restart,
            self.random_bytes, self.fill_state_disk, self.fill_ca_disk,
            self.dns_fails, self.dns_dies, self.dns_hangs, self.garbage,
            self.restart_postfix, self.reload_postfix, self.quiet]

    def begin(self, scene, history, rng):
        self.scene, self.history, self.rng = scene, history, rng
        self.done = collections.Counter()

    def summary(self):
        return ", ".join("%s %d" % (name.replace("_", " "), n)
                         for name, n in sorted(self.done.items()))

    def act(self):
        act = self.rng.choice(self.acts)
        self.done[act.__name__] += 1
        self.journal.add("act", act.__name__ + " begins")
        act()
        self.journal.add("act", act.__name__ + " is over")
        time.sleep(self.rng.uniform(0, 0.5))

    # ---- the programs ---------------------------------------------------
    def start_dns(self, zone):
        self.set_zone(zone)
        here = os.path.dirname(os.path.abspath(__file__))
        self.dns = subprocess.Popen(
            [sys.executable, here + "/dns.py", "127.0.0.1", "53",
             self.run + "/zone"])

    def set_zone(self, zone, extra=()):
        self.zone = zone
        with open(self.run + "/zone.new", "w", encoding="ascii") as file:
            file.write("\n".join(list(zone) + list(extra)) + "\n")
        os.rename(self.run + "/zone.new", self.run + "/zone")

    def start_policyd(self):
        self.policyd = subprocess.Popen(
            [self.options.policyd, "-c", self.options.conf],
            stderr=subprocess.PIPE)
        threading.Thread(target=self.journal.follow, daemon=True,
                         args=("policyd", self.policyd.stderr)).start()
        self.wait(lambda: self.ask("ready.invalid") is not None,
                  "policyd does not answer")

    def end_policyd(self, number):
        self.policyd.send_signal(number)
        self.policyd.wait(20)

    def wait(self, good, what):
        end = time.time() + CONFIRM_SECS
        while not good():
            if time.time() > end:
                raise SystemExit("Bail out! " + what)
            time.sleep(0.05)

    def ask(self, key):
        """The answer of the map tlspolicy, or None."""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(2)
                sock.connect(self.socket_path)
                sock.sendall(netstring("tlspolicy " + key))
                answer = sock.recv(4096)
        except OSError:
            return None
        return answer.split(b":", 1)[-1].rstrip(b",")

    def is_served(self, mark):
        return self.ask(mark) == b"OK encrypt protocols=>=TLSv1.1"

    def is_kept(self, mark):
        """Is that table in policy.last-good?"""
        path = self.run + "/state/policy.last-good"
        try:
            with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
                return db.execute("SELECT 1 FROM policy WHERE recipient = ?",
                                  (mark,)).fetchone() is not None
        except sqlite3.Error:
            return False

    # ---- changes --------------------------------------------------------
    def change(self, removed, added, meanwhile=None):
        # From here on the new one could be served.
        now = time.time()
        gone = sorted(row["id"] for row in removed)
        rules, mark = self.table.change(removed, added)
        self.history.committed(rules, now)
        self.journal.add("table", "%s is committed, without %s" % (
            mark, gone))
        for row in added:
            self.journal.add("table", "%s has %s" % (mark, words_of(row)))
        if meanwhile:
            meanwhile()
        self.wait(lambda: self.is_served(mark), "the change with %s is not "
                  "served" % mark)
        self.history.confirmed(time.time())
        self.journal.add("table", mark + " is served, nothing before it")
        return mark

    def change_rules(self):
        self.change(*self.scene.mutate())

    def hang_policyd_and_change(self):
        self.policyd.send_signal(signal.SIGSTOP)

        def go_on():
            time.sleep(self.rng.uniform(0.2, 1.5))
            self.policyd.send_signal(signal.SIGCONT)
        self.change(*self.scene.mutate(), meanwhile=go_on)

    # ---- policyd --------------------------------------------------------
    def kill_policyd(self):
        self.end_policyd(signal.SIGKILL)
        time.sleep(self.rng.choice([0, 0, 0.3, 1.5]))
        self.start_policyd()

    def stop_policyd(self):
        self.end_policyd(signal.SIGTERM)
        time.sleep(self.rng.uniform(0, 1))
        self.start_policyd()

    def hang_policyd(self):
        self.policyd.send_signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.2, 2))
        self.policyd.send_signal(signal.SIGCONT)

    def garbage(self):
        """Another server in its place, that answers nonsense."""
        self.end_policyd(signal.SIGKILL)
        os.unlink(self.socket_path)
        words = self.rng.sample(GARBAGE, 3)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(self.socket_path)
            os.chmod(self.socket_path, 0o666)
            sock.listen(64)
            sock.settimeout(0.2)
            end = time.time() + self.rng.uniform(0.5, 2)
            clients = []
            while time.time() < end:
                try:
                    client, _ = sock.accept()
                except TimeoutError:
                    continue
                clients.append(client)
                threading.Thread(target=talk_nonsense, daemon=True,
                                 args=(client, words)).start()
        for client in clients:
            hang_up(client)
        os.unlink(self.socket_path)
        self.start_policyd()

    # ---- the table and the disk -----------------------------------------
    def kept_change(self):
        """A change that is also in policy.last-good: no table older than it
        can come back."""
        mark = self.change(*self.scene.mutate())
        self.wait(lambda: self.is_kept(mark), "the last good table with %s is "
                  "not kept" % mark)

    def spoil_table(self):
        self.table.spoil()
        time.sleep(self.rng.uniform(0.5, 2))
        self.table.mend()

    def spoil_table_and_restart(self):
        self.kept_change()
        self.table.spoil()
        time.sleep(self.rng.uniform(0, 1))
        self.kill_policyd()
        time.sleep(self.rng.uniform(0.5, 1.5))
        self.table.mend()

    def random_bytes(self):
        """Another file at that path, of no use."""
        self.kept_change()
        path = self.run + "/db/policy.db"
        os.rename(path, path + ".away")
        with open(path, "wb") as file:
            file.write(self.rng.randbytes(self.rng.choice([0, 10, 8192])))
        os.chmod(path, 0o644)
        time.sleep(self.rng.uniform(0.2, 1.5))
        if self.rng.random() < 0.5:
            self.kill_policyd()
        os.rename(path + ".away", path)

    def fill_state_disk(self):
        self.fill(self.run + "/state/ballast", self.change_rules)
        # What was served is not kept as the last good one: let it be.
        self.kept_change()

    def fill_ca_disk(self):
        self.fill(self.run + "/send/spool/tlswarden/ca/ballast",
                  lambda: time.sleep(1))

    def fill(self, path, meanwhile):
        try:
            with open(path, "wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 65536)
        except OSError:
            pass                # it is full
        meanwhile()
        os.unlink(path)

    # ---- DNS, Postfix ---------------------------------------------------
    def dns_fails(self):
        names = [line.split()[0] for line in self.zone]
        broken = self.rng.sample(names, self.rng.randint(1, 6))
        self.set_zone(self.zone, ["%s FAIL" % name for name in broken])
        time.sleep(self.rng.uniform(0.5, 2))
        self.set_zone(self.zone)

    def dns_dies(self):
        self.dns.kill()
        self.dns.wait()
        time.sleep(self.rng.uniform(0.2, 2))
        self.start_dns(self.zone)

    def dns_hangs(self):
        self.dns.send_signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.2, 1))
        self.dns.send_signal(signal.SIGCONT)

    def postfix(self, verb):
        subprocess.run(["postfix", "-c", self.etc, verb], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def restart_postfix(self):
        self.postfix(self.rng.choice(["stop", "abort"]))
        self.wait_postfix("start")

    def wait_postfix(self, verb):
        def runs():
            self.postfix(verb)
            return subprocess.run(
                ["postfix", "-c", self.etc, "status"], check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0
        self.wait(runs, "Postfix does not start")

    def reload_postfix(self):
        self.postfix("reload")

    def quiet(self):
        time.sleep(self.rng.uniform(0.5, 2))

    def mend(self):
        """All is well again; and trivial-rewrite, which remembers for half a
        minute that it could not ask, is a new one."""
        self.change([], [])
        self.postfix("reload")


def words_of(row):
    """A rule without what is as it always is."""
    return "rule %d: %s" % (row["id"], ", ".join(
        "%s %s" % (name, value) for name, value in row.items()
        if name != "id" and PLAIN.get(name, "") != value))


def talk_nonsense(client, words):
    try:
        client.settimeout(5)
        at = 0
        while client.recv(4096):
            client.sendall(words[at % len(words)])
            if not words[at % len(words)]:
                break
            at += 1
    except OSError:
        pass                    # it has had enough
    finally:
        hang_up(client)


def hang_up(client):
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass                    # it was first
    client.close()
