# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: random tables, domains and mail for t-out-random.

One Scene is the world of one seed: domains of its own (d0-e7.good.test: the
seventh scene), so that nothing which Postfix remembers of the scene before is
about them. Everything random comes from the generator that it is given.
"""
import random
import sqlite3
import time

from random_oracle import Pattern, Route, has_glob
from random_peers import KINDS

NAMES = ["nexthop", ".nexthop", "hostname", "mx.good.test", ".good.test",
         "elsewhere.test", "hostname:elsewhere.test",
         "nexthop:.nexthop:hostname"]
USERS = ["joe", "ceo", "sales-1", "sales-2", "vip+tag"]
COLUMNS = ["id", "enabled", "priority", "direction", "sender", "recipient",
           "subnet", "level", "on_failure", "ca", "cert_name",
           "cert_fingerprint", "min_protocol", "min_bits", "mode",
           "expires_at"]
PLAIN = {"enabled": 1, "direction": "out", "sender": "*", "subnet": None,
         "on_failure": "tempfail", "ca": None, "cert_name": None,
         "cert_fingerprint": None, "min_protocol": None, "min_bits": None,
         "mode": "enforce", "expires_at": None}
# Senders are here: their mail, the bounces, goes in clear to this peer.
HOME = "from.good.test"


def utc(moment):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


class Table:
    """policy.db, and the same rows in memory."""

    def __init__(self, path, pki):
        self.db = sqlite3.connect(path, timeout=10, isolation_level=None,
                                  check_same_thread=False)
        self.rows = {}
        self.next_id = 1
        self.mark = 0
        for name, pem in (("good", "root-good"), ("second", "root-second"),
                          ("other", "root-other"), ("int", "int-good")):
            with open("%s/%s.pem" % (pki, pem), encoding="ascii") as file:
                self.db.execute("INSERT OR IGNORE INTO ca(name, pem) "
                                "VALUES(?, ?)", (name, file.read()))

    def new(self, **columns):
        row = dict(PLAIN, id=self.next_id)
        row.update(columns)
        self.next_id += 1
        return row

    def change(self, removed, added):
        """One transaction; with a row that shows when it is served. Gives
        the rules, and the key to ask policyd for."""
        self.mark += 1
        mark = "v%d.mark.test" % self.mark
        # No rule for everybody gives the same answer.
        added = added + [self.new(recipient=mark, level="encrypt", priority=1,
                                  min_protocol="TLSv1.1")]
        self.db.execute("BEGIN IMMEDIATE")
        for row in removed:
            self.db.execute("DELETE FROM policy WHERE id = ?", (row["id"],))
            del self.rows[row["id"]]
        for row in added:
            self.db.execute(
                "INSERT INTO policy(%s) VALUES(%s)" % (
                    ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))),
                [row[column] for column in COLUMNS])
            self.rows[row["id"]] = row
        self.db.execute("COMMIT")
        return list(self.rows.values()), mark

    def spoil(self):
        """All levels are lowered, and a row that only the loader can judge:
        nothing of it may be served."""
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("UPDATE policy SET level = 'none', ca = NULL, "
                        "cert_name = NULL, cert_fingerprint = NULL, "
                        "min_protocol = NULL, min_bits = NULL")
        self.db.execute("INSERT INTO ca(name, pem) VALUES('rotten', "
                        "'-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n"
                        "-----END CERTIFICATE-----\n')")
        self.db.execute("INSERT INTO policy(direction, recipient, level, ca) "
                        "VALUES('out', 'rotten.test', 'secure', 'rotten')")
        self.db.execute("COMMIT")

    def mend(self):
        """The rows of memory again, all of them."""
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("DELETE FROM policy WHERE ca = 'rotten'")
        self.db.execute("DELETE FROM ca WHERE name = 'rotten'")
        for row in self.rows.values():
            self.db.execute(
                "UPDATE policy SET %s WHERE id = ?" % ", ".join(
                    column + " = ?" for column in COLUMNS[1:]),
                [row[column] for column in COLUMNS[1:]] + [row["id"]])
        self.db.execute("COMMIT")
        self.next_id = self.db.execute(
            "SELECT seq + 1 FROM sqlite_sequence "
            "WHERE name = 'policy'").fetchone()[0]


def is_mark(row):
    return row["recipient"].endswith(".mark.test")


class Scene:
    def __init__(self, number, rng, table, world):
        self.number, self.rng = number, rng
        # Mail is another thread's: it takes nothing from the tables' luck.
        self.mail_rng = random.Random(rng.random())
        self.table, self.world = table, world
        self.routes = {}        # recipient's domain -> Route
        self.zone = []
        self.domains = []
        self.make_domains()

    def make_domains(self):
        kinds = list(KINDS.values())
        for i in range(10):
            base = self.rng.choice(kinds)
            hosts = [base]
            if self.rng.random() < 0.4:
                hosts = self.rng.sample(kinds, 2)
            if i == 9 and self.rng.random() < 0.5:
                base, hosts = KINDS["slow"], [KINDS["slow"]]
            name = "d%d-e%d.%s.test" % (i, self.number, base.name)
            self.domains.append(name)
            self.routes[name] = Route(name, name, hosts)
            self.zone += ["%s MX %d %s" % (name, 10 * (n + 1), kind.host)
                          for n, kind in enumerate(hosts)]
        named = [KINDS["address"]] + [
            kind for kind in self.rng.sample(kinds, 4)
            if kind.name != "address"]
        for kind in named:
            self.add_literal("lit-%s.lab.test" % kind.name, kind,
                             "[%s]" % kind.address)
            self.add_literal("host-%s.lab.test" % kind.name, kind,
                             "[%s]:25" % kind.host)

    def add_literal(self, domain, kind, nexthop):
        """A domain that the sender's own transport table sends elsewhere."""
        is_address = "]:" not in nexthop
        host = kind.address if is_address else kind.host
        self.domains.append(domain)
        self.routes[domain] = Route(nexthop, None if is_address else host,
                                    [kind], [host])

    # ---- rules ----------------------------------------------------------
    def domain_pattern(self):
        rng, domain = self.rng, self.rng.choice(self.domains)
        epoch, base = "e%d" % self.number, domain.split(".", 1)[1]
        if domain.endswith(".lab.test"):
            nexthop = self.routes[domain].nexthop
            return rng.choice([nexthop, nexthop,
                               self.routes[domain].name or nexthop])
        return rng.choice([domain, domain, domain.upper(), "*@" + domain,
                           "." + base, "*." + base, "*@*." + base,
                           "d?-%s.*.test" % epoch,
                           "%s-%s.*" % (domain.split("-")[0], epoch)])

    def user_pattern(self):
        """Of a few domains, so that several rules are about one of them."""
        domain = self.rng.choice(self.domains[:4])
        user = self.rng.choice(USERS + ["sales-*", "?eo", "vip*"])
        return "%s@%s" % (user, domain)

    def demands(self, level):
        """Criteria that are lawful at a level."""
        rng, found = self.rng, {}
        if level not in ("encrypt", "secure"):
            return found
        if rng.random() < 0.3:
            found["min_protocol"] = rng.choice(["TLSv1", "TLSv1.1", "TLSv1.2",
                                                "TLSv1.3"])
        if rng.random() < 0.2:
            found["min_bits"] = rng.choice([128, 256])
        if level == "secure":
            if rng.random() < 0.3:
                found["ca"] = rng.choice(["good", "second", "other", "int"])
            if rng.random() < 0.3:
                found["cert_name"] = rng.choice(NAMES)
        elif rng.random() < 0.15:
            found["cert_fingerprint"] = " ".join(
                self.world.prints[pair] for pair in rng.sample(
                    sorted(self.world.prints), rng.choice([1, 2])))
        return found

    def state(self):
        """What takes a rule out of the game, or out of it soon."""
        rng, now = self.rng, time.time()
        return rng.choice([{}] * 14 + [
            {"mode": "monitor"}, {"mode": "monitor"}, {"enabled": 0},
            {"sender": "bank.test"}, {"expires_at": utc(now - 3600)},
            {"expires_at": utc(now + rng.randint(4, 20))},
            {"expires_at": utc(now + rng.randint(4, 20))}])

    def level(self):
        return self.rng.choices(["none", "preferred", "encrypt", "secure"],
                                [1, 1, 4, 4])[0]

    def domain_rule(self, priorities):
        rng, level = self.rng, self.level()
        row = {"recipient": self.domain_pattern(), "level": level,
               "priority": rng.randint(*priorities),
               "on_failure": rng.choice(["tempfail", "fail"])}
        row.update(self.demands(level))
        row.update(self.state())
        return self.table.new(**row)

    def user_rule(self):
        level = self.level()
        demands = self.demands(level) if self.rng.random() < 0.3 else {}
        demands.pop("cert_fingerprint", None)
        return self.table.new(
            recipient=self.user_pattern(), level=level,
            priority=self.rng.randint(10, 60),
            on_failure=self.rng.choice(["tempfail", "fail"]), **demands)

    def subnet_rule(self):
        return self.table.new(
            recipient="*", level=self.level(),
            priority=self.rng.randint(90, 99),
            on_failure=self.rng.choice(["tempfail", "fail"]),
            subnet=self.rng.choice(["127.2.0.0/29", "127.2.0.8/29",
                                    "127.2.0.2", "127.2.0.0/24"]))

    def address_rule(self):
        """Names mean something else where the next hop is an address."""
        rng = self.rng
        hops = [route.nexthop for route in self.routes.values()
                if route.name is None]
        return self.table.new(
            recipient=rng.choice(["[%s]" % KINDS["address"].address] + hops),
            level="secure", cert_name=rng.choice(NAMES + [".address.test"]),
            priority=rng.randint(5, 60),
            on_failure=rng.choice(["tempfail", "fail"]))

    def slow_rules(self):
        return [self.table.new(
            recipient=domain, level="encrypt",
            priority=self.rng.randint(5, 60),
            on_failure=self.rng.choice(["tempfail", "fail"]))
            for domain in self.domains if ".slow." in domain]

    def first_rules(self):
        rng = self.rng
        rules = [self.table.new(recipient=HOME, level="none", priority=0)]
        rules += [self.domain_rule((5, 199)) for _ in range(rng.randint(8, 16))]
        rules += [self.user_rule() for _ in range(rng.randint(2, 8))]
        rules += [self.subnet_rule() for _ in range(rng.randint(0, 2))]
        rules += [self.address_rule() for _ in range(rng.randint(0, 2))]
        rules += self.slow_rules()
        if rng.random() < 0.4:
            rules.append(self.table.new(
                recipient=rng.choice(["*", "*@*"]), priority=900,
                level=rng.choice(["none", "preferred", "encrypt"]),
                on_failure=rng.choice(["tempfail", "fail"])))
        if rng.random() < 0.2:
            rules.append(self.table.new(recipient="*", direction="in",
                                        level="none", priority=2))
        return rules

    def mutate(self):
        """(removed, added): about whole domains and behind all rules about
        users: Postfix remembers for half a minute by which transport it sent
        a recipient's mail."""
        rng = self.rng
        loose = [row for row in self.table.rows.values()
                 if 100 <= row["priority"] < 200]
        removed = rng.sample(loose, min(len(loose), rng.randint(0, 3)))
        added = [self.domain_rule((100, 199))
                 for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.6:
            self.change_mind(removed, added)
        return removed, added

    def change_mind(self, removed, added):
        """A rule that returned mail lets it wait, or the other way round."""
        able = [row for row in self.table.rows.values()
                if row["level"] in ("encrypt", "secure") and
                row not in removed and not is_mark(row) and
                Pattern(row["recipient"]).user is None]
        chosen = self.rng.sample(able, min(len(able), 2))
        # While a slow peer keeps a delivery waiting it shows most.
        slow = [row for row in able if ".slow." in row["recipient"].lower() and
                row not in chosen]
        for row in chosen + slow[:1]:
            other = {"fail": "tempfail", "tempfail": "fail"}
            columns = dict(row, on_failure=other[row["on_failure"]])
            del columns["id"]
            removed.append(row)
            added.append(self.table.new(**columns))

    # ---- mail -----------------------------------------------------------
    def recipients(self):
        chosen = set()
        rng = self.mail_rng
        for _ in range(rng.choice([1, 1, 1, 2, 3, 4])):
            domain = rng.choice(self.domains)
            chosen.add("%s@%s" % (rng.choice(USERS), domain))
        return sorted(chosen)

    def spelled(self, recipient):
        """Case does not count."""
        if self.mail_rng.random() < 0.8:
            return recipient
        user, domain = recipient.rsplit("@", 1)
        return "%s@%s" % (user, domain.upper())


def static_zone():
    lines = ["%s A %s" % (kind.host, kind.address) for kind in KINDS.values()]
    return lines + [HOME + " MX 10 mx.good.test"]


def transport_table():
    """texthash: of the sender: domains with another next hop."""
    lines = []
    for kind in KINDS.values():
        lines.append("lit-%s.lab.test smtp:[%s]" % (kind.name, kind.address))
        lines.append("host-%s.lab.test smtp:[%s]:25" % (kind.name, kind.host))
    return lines


assert not has_glob(HOME)
