# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: what the tests of probe share: TAP, the program, the zoo."""
import json
import os
import subprocess
import sys
import tempfile

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
PROGRAM = os.path.join(BUILD, "ctl", "tlswarden")
PKI = os.path.join(BUILD, "tests", "zoo", "pki")
NOW = 1780272000  # the zoo's today
ROOTS = os.path.join(PKI, "root.pem")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, words, shown=""):
        self.count += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.count, words))
        if not good:
            for row in str(shown).splitlines()[:40]:
                print("# " + row)
        sys.stdout.flush()

    def finish(self):
        print("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)


class World:
    """A folder with a configuration; table and state are in it."""

    def __init__(self, extra=""):
        self.folder = tempfile.TemporaryDirectory(prefix="tlswarden-probe.")
        self.dir = self.folder.name
        self.conf = self.path("tlswarden.conf")
        self.db = self.path("policy.db")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write('policy_database = "%s"\n' % self.db)
            f.write('state_database = "%s"\n' % self.path("state.db"))
            f.write('last_good = "%s"\n' % self.path("last-good"))
            f.write('trust_store = "%s"\n' % os.path.abspath(ROOTS))
            f.write(extra)

    def path(self, name):
        return os.path.join(self.dir, name)

    def sql(self, statement, db=None):
        done = subprocess.run(
            ["sqlite3", db or self.db], input=statement, text=True,
            capture_output=True, check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def new_table(self):
        with open(os.path.join(TOP, "sql", "policy.sql")) as f:
            self.sql(f.read())

    def run(self, *args, timeout=60):
        return subprocess.run(
            [PROGRAM, "-c", self.conf, *args], capture_output=True,
            text=True, timeout=timeout, check=False,
        )

    def probe(self, *args, timeout=60):
        """Exit code and JSON of a probe at the zoo's time."""
        at = () if "--time" in args else ("--time", str(NOW))
        done = self.run("probe", "--json", *at, *args, timeout=timeout)
        try:
            result = json.loads(done.stdout)
        except ValueError:
            result = None
        return done.returncode, result, done


def failures(result):
    """Classes of the findings that fail, in order."""
    return [
        f["class"] for f in result["findings"] if f["severity"] == "fail"
    ]


def notices(result):
    return [
        f["class"] for f in result["findings"] if f["severity"] == "notice"
    ]


def bundle(world, name, *files):
    """A chain file of certificates of the zoo."""
    path = world.path(name + ".chain.pem")
    with open(path, "w", encoding="ascii") as out:
        for file in files:
            with open(os.path.join(PKI, file), encoding="ascii") as f:
                out.write(f.read())
    return path


def key(name):
    return os.path.join(PKI, name + ".key")


def need_zoo():
    make = os.path.join(TOP, "tests", "zoo", "make-zoo.sh")
    if not os.path.exists(os.path.join(PKI, "built")):
        subprocess.run(["bash", make, PKI], check=True, capture_output=True)
