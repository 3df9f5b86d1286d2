# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: what must become of a message, for t-out-random.

Written from the description of the policy table (tlswarden-policy(5)) and of
Postfix's smtp(8), without a look at the programs: slow, plain, and all it
shares with them is the text that both were written from.

A rule is a dict of the columns of the table. A route is what Postfix finds
for a recipient: the next hop, and the kinds of the hosts in the order of
their preference. A fate is one of
    ("sent",)           some host is good enough, or none needs to be
    ("waits",)          deferred, for now and for ever
    ("bounced", id)     by the rule with that id
"""
import datetime
import ipaddress
import re

PROTOCOLS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
# Who issued what a peer sends: the certificates of pki.sh.
ANCHORS = {"good": {"good"}, "second": {"second"}, "untrusted": {"other"},
           "wrongname": {"good"}, "address": {"good"},
           "chain": {"int", "good"},
           "incomplete": {"int"}, "selfsigned": set(), "expired": set()}
TRUSTED = {"good", "second"}
NOBODY = "nobody's"     # the CA of a rule that cannot be answered: TEMP


def glob(pattern):
    """`*` and `?` never cross the @."""
    return re.compile("".join("[^@]*" if c == "*" else "[^@]" if c == "?"
                              else re.escape(c) for c in pattern) + r"\Z")


def has_glob(text):
    return "*" in text or "?" in text


class Pattern:
    """A recipient pattern: rank is how specific it is, a tuple."""

    def __init__(self, text):
        self.text = text = text.lower()
        self.user, self.domain, self.written = None, None, False
        if text in ("*", "*@*"):
            self.rank = (0, 0)
        elif text.startswith("[") or ":" in text:
            self.written, self.rank = True, (6, 0)
        elif "@" in text:
            self.user, self.domain = text.rsplit("@", 1)
            if self.user == "*":
                self.user = None
            self.rank = self.rank_of_mailbox()
        else:
            self.domain = text
            self.rank = self.rank_of_domain()

    def rank_of_domain(self):
        if has_glob(self.domain):
            return (1, len(re.sub(r"[*?]", "", self.domain)))
        if self.domain.startswith("."):
            return (2, len(self.domain))
        return (3, 0)

    def rank_of_mailbox(self):
        if self.user is None:
            return self.rank_of_domain()
        return (4, 0) if has_glob(self.user) else (5, 0)

    def covers_domain(self, domain):
        if self.written:
            return False
        if self.domain is None:
            return True
        if self.domain.startswith("."):
            return domain.endswith(self.domain)
        return bool(glob(self.domain).match(domain))

    def covers_user(self, user):
        return self.user is None or bool(glob(self.user).match(user))


def end_of(rule):
    end = datetime.datetime.strptime(rule["expires_at"], "%Y-%m-%d %H:%M:%S")
    return end.replace(tzinfo=datetime.timezone.utc).timestamp()


def is_over(rule, now):
    return rule["expires_at"] is not None and now >= end_of(rule)


def counts(rule, now):
    return (rule["direction"] == "out" and rule["enabled"] and
            rule["mode"] == "enforce" and rule["sender"] == "*" and
            not is_over(rule, now))


def subnet_of(rule):
    return ipaddress.ip_network(rule["subnet"]) if rule["subnet"] else None


def matches_addresses(rule, route):
    """Of a literal next hop one address; of a domain those of its MX."""
    net = subnet_of(rule)
    if net is None:
        return True
    found = [ipaddress.ip_address(a) in net for a in route.addresses]
    if rule["level"] in ("encrypt", "secure"):
        return any(found)
    return bool(found) and all(found)


def best(rules):
    def order(rule):
        rank = Pattern(rule["recipient"]).rank
        net = subnet_of(rule)
        return (rule["priority"], -rank[0], -rank[1],
                -net.prefixlen if net else 1, rule["id"])
    return min(rules, key=order, default=None)


class Route:
    """nexthop as smtp(8) has it; name: what it names, None for a literal."""

    def __init__(self, nexthop, name, kinds, hosts=None):
        self.nexthop, self.name, self.kinds = nexthop, name, kinds
        self.hosts = hosts or [kind.host for kind in kinds]
        self.addresses = [kind.address for kind in kinds]


def winner_of_nexthop(rules, route, now):
    """Rules that cover every user."""
    def matches(rule):
        pattern = Pattern(rule["recipient"])
        if pattern.user is not None:
            return False
        if pattern.written:
            return (pattern.text == route.nexthop and
                    matches_addresses(rule, route))
        if route.name is None and pattern.domain is not None:
            return False
        return ((route.name is None or pattern.covers_domain(route.name)) and
                matches_addresses(rule, route))
    return best(r for r in rules if counts(r, now) and matches(r))


def contains(a, b):
    """Does rule a demand all that b does?"""
    def index(rule):
        return PROTOCOLS.index(rule["min_protocol"] or "TLSv1")
    return (index(a) >= index(b) and
            (a["min_bits"] or 0) >= (b["min_bits"] or 0) and
            b["ca"] in (None, a["ca"]) and
            b["cert_name"] in (None, a["cert_name"]))


def answer_for(won, alike):
    """The user is not told: of the rules of one level about users of a domain
    the one that demands all that the others demand answers for all; where none
    does, the mail waits. It waits, too, when one of them says tempfail."""
    strictest = [r for r in alike if all(contains(r, other)
                                         for other in alike)]
    if not strictest:
        return dict(won, level="secure", ca=NOBODY, on_failure="tempfail")
    on_failure = "fail" if all(r["on_failure"] == "fail" for r in alike) \
        else "tempfail"
    return dict(strictest[0], on_failure=on_failure)


def winner(rules, recipient, route, now):
    """The rule for a recipient as it is answered, and all whose answers
    smtp(8) cannot tell from its."""
    domain_rule = winner_of_nexthop(rules, route, now)
    user, domain = recipient.lower().rsplit("@", 1)
    if route.name != domain:
        return domain_rule, []          # routed by hand: no users' rules

    def matches(rule, whose):
        pattern = Pattern(rule["recipient"])
        return (pattern.user is not None and pattern.covers_domain(domain) and
                (whose is None or pattern.covers_user(whose)))
    about = [r for r in rules if counts(r, now) and r["subnet"] is None and
             matches(r, None)]
    mine = [r for r in about if matches(r, user)]
    won = best(mine + [domain_rule] if domain_rule else mine)
    if won is None or won is domain_rule:
        return domain_rule, []
    alike = [r for r in about if r["level"] == won["level"]]
    return answer_for(won, alike), alike


def name_matches(name, wanted):
    """A name of a certificate, and one that is wanted: a host or .domain."""
    if wanted.startswith("."):
        return name.endswith(wanted)
    if name.startswith("*."):
        return wanted.split(".", 1)[1:] == [name[2:]]
    return name == wanted


class World:
    """Facts about the certificates: names[pair], addresses[pair] of the
    subjectAltName, prints[pair]."""

    def __init__(self, names, addresses, prints):
        self.names, self.addresses = names, addresses
        self.prints = prints

    def is_named(self, rule, kind, host, route):
        words = (rule["cert_name"] or "nexthop:.nexthop").split(":")
        places = {"nexthop": route.name, ".nexthop": "." + (route.name or ""),
                  "hostname": host}
        if route.name is None:
            # An address is no name. Postfix's own default wants both.
            if rule["cert_name"] is None:
                return False
            names = [word for word in words if word not in places]
            if not names:
                return ({"nexthop", "hostname"} & set(words) and
                        host in self.addresses[kind.pair])
            words = names
        wanted = [places.get(word, word) for word in words]
        return any(name_matches(name, want) for want in wanted
                   for name in self.names[kind.pair])

    def is_good_certificate(self, rule, kind, host, route):
        if rule["level"] == "encrypt":
            pin = rule["cert_fingerprint"]
            return pin is None or self.prints[kind.pair] in pin.split()
        roots = {rule["ca"]} if rule["ca"] else TRUSTED
        return (bool(ANCHORS[kind.pair] & roots) and
                self.is_named(rule, kind, host, route))

    def fault(self, rule, kind, host, route):
        """What keeps mail from this host: None, or a word."""
        level = rule["level"] if rule else "preferred"
        if kind.tls == "dead":
            return "dead"
        if level == "none" or kind.tls in ("none", "refuse"):
            return "clear" if level in ("encrypt", "secure") else None
        if level == "preferred":
            return None         # a broken handshake: in clear, later
        # OpenSSL 3 verifies nobody who signs by SHA-1, as TLS 1.1 does.
        lowest = "TLSv1.2" if level == "secure" or rule["cert_fingerprint"] \
            else "TLSv1"
        least = max(PROTOCOLS.index(lowest),
                    PROTOCOLS.index(rule["min_protocol"] or "TLSv1"))
        if (kind.tls == "broken" or (rule["min_bits"] or 0) > kind.bits or
                PROTOCOLS.index(kind.version or "TLSv1.3") < least):
            return "handshake"
        if not self.is_good_certificate(rule, kind, host, route):
            return "certificate"
        return None

    def fate(self, rule, route):
        faults = [self.fault(rule, kind, host, route)
                  for kind, host in zip(route.kinds, route.hosts)]
        if None in faults:
            return ("sent",)
        if rule and rule["on_failure"] == "fail" and \
                faults[-1] in ("clear", "certificate"):
            return ("bounced", rule["id"])
        return ("waits",)

    def may_be_heard(self, rule, kind, host, route, tls):
        """May a RCPT of this rule's be said in such a session?"""
        level = rule["level"] if rule else "preferred"
        if tls is None:
            return level in ("none", "preferred")
        if level == "none":
            return False
        if level == "preferred":
            return True
        version, bits = tls
        return (PROTOCOLS.index(version) >=
                PROTOCOLS.index(rule["min_protocol"] or "TLSv1") and
                bits >= (rule["min_bits"] or 0) and
                self.is_good_certificate(rule, kind, host, route))


class History:
    """Every table that was served, with the time from which it could be and
    the time until which it could: None while it is the newest."""

    def __init__(self):
        self.tables = []        # [rules, from, until]

    def committed(self, rules, now):
        self.tables.append([rules, now, None])

    def confirmed(self, now):
        """The newest is served: the others only in what is under way."""
        for table in self.tables[:-1]:
            if table[2] is None:
                table[2] = now

    def age_of(self, rule_id, now):
        """How long ago the last table with that rule was replaced by one that
        was seen to be served, in words."""
        found = [until for rules, _, until in self.tables
                 if any(r["id"] == rule_id for r in rules)]
        if not found:
            return "of no table"
        if found[-1] is None:
            return "of the newest table"
        return "gone %.1f s ago" % (now - found[-1])

    def served(self, start, end, slack_secs):
        """(rules, moment) for each table and each moment at which a rule of
        it may have ended, of the time from start to end; what was decided by
        it may be seen slack_secs later."""
        for rules, since, until in self.tables:
            if since > end or (until is not None and
                               until + slack_secs < start):
                continue
            first = max(start, since) - slack_secs
            ends = [end_of(r) for r in rules if r["expires_at"]]
            yield rules, first
            yield from ((rules, e) for e in ends if first < e <= end)
