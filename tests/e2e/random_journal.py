# SPDX-License-Identifier: BSD-2-Clause
"""tlswarden: all that happened, in one order, for t-out-random.

Lines of Postfix's log, of policyd's, what the tables were and what was made
to fail, each with the time at which it was seen. All of it goes to a file;
about() picks what explains one delivery.
"""
import re
import threading
import time

WIDTH = 700             # of a line that is shown
SHOWN = {"mail": 34, "policyd": 14, "table": 14, "act": 10}
LOOK_BACK_SECS = {"policyd": 10, "table": 40, "act": 20}
PID = re.compile(r"/smtp\[(\d+)\]: ")


class Journal:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8", errors="replace")
        self.entries = []       # (time, kind, text) of this scene

    def begin(self, what):
        with self.lock:
            self.entries = []
        self.add("act", what)

    def add(self, kind, text):
        now = time.time()
        with self.lock:
            self.entries.append((now, kind, text))
            self.file.write(shown(now, kind, text) + "\n")
            self.file.flush()

    def follow(self, kind, stream):
        """Until the stream ends: a thread's work."""
        with stream:
            for line in stream:
                self.add(kind, line.decode("latin-1").rstrip("\n"))

    def about(self, moment, queue_ids, recipient, nexthop):
        """Lines about the delivery of these queue files at that moment."""
        with self.lock:
            entries = [e for e in self.entries if e[0] <= moment + 1 and
                       not is_of_other(e[2], nexthop)]
        found = []
        for kind, most in SHOWN.items():
            mine = [e for e in entries if e[1] == kind]
            if kind == "mail":
                mine = of_delivery(mine, queue_ids, recipient)
            else:
                since = moment - LOOK_BACK_SECS[kind]
                mine = [e for e in mine if e[0] >= since]
            found += mine[-most:]
        return [shown(*entry)[:WIDTH] for entry in sorted(found)]


def is_of_other(text, nexthop):
    """What policyd answered to another delivery."""
    return ": dsn: " in text and \
        "for mail to %s: " % nexthop.lower() not in text.lower()


def shown(moment, kind, text):
    clock = time.strftime("%H:%M:%S", time.gmtime(moment))
    return "%s.%03d %-7s %s" % (clock, moment % 1 * 1000, kind, text)


def of_delivery(mail, queue_ids, recipient):
    """What names a queue file, and what the smtp(8) that had it last for
    that recipient said since the delivery before."""
    named = re.compile(r"\b(%s): " % "|".join(sorted(queue_ids) or ["-"]))
    wanted = {i for i, entry in enumerate(mail) if named.search(entry[2])}
    last = [i for i in sorted(wanted) if PID.search(mail[i][2]) and
            "to=<%s>" % recipient in mail[i][2].lower()][-1:]
    for i in last:
        pid = PID.search(mail[i][2]).group(1)
        for j in range(i - 1, -1, -1):
            if "/smtp[%s]: " % pid not in mail[j][2]:
                continue
            if " status=" in mail[j][2] and j not in wanted:
                break
            wanted.add(j)
    return [mail[i] for i in sorted(wanted)]
