# tlswarden: what the tests of tlswarden-policyd share: TAP, the daemon as a
# process, its clients.
# SPDX-License-Identifier: BSD-2-Clause
#
# Run by t-policyd.sh inside the private world of lib.sh, with RUN, BUILD and
# SOURCE in the environment. Everything is below RUN/policyd.
import os
import pwd
import re
import signal
import socket
import sqlite3
import subprocess
import time

RUN = os.environ['RUN'] + '/policyd'
PROGRAM = os.environ.get('POLICYD') or \
    os.environ['BUILD'] + '/policyd/tlswarden-policyd'
SCHEMA = os.environ['SOURCE'] + '/sql/policy.sql'
USER = 'nobody'
PORT = 8462

DB = RUN + '/db/policy.db'
STATE = RUN + '/state'
SOCKETS = RUN + '/s'
CA_DIR = SOCKETS + '/ca'
CONF = RUN + '/policyd.conf'
MAP_SOCKET = SOCKETS + '/policyd.sock'
DELEGATION_SOCKET = SOCKETS + '/delegation.sock'


class Tap:
    n = 0
    failed = 0

    @classmethod
    def check(cls, good, what, *details):
        cls.n += 1
        if not good:
            cls.failed += 1
        print('%s %d - %s' % ('ok' if good else 'not ok', cls.n, what))
        if not good:
            for d in details:
                for line in str(d).splitlines() or ['(nothing)']:
                    print('# ' + line)
        return good

    @classmethod
    def done(cls):
        print('1..%d' % cls.n, flush=True)
        return 1 if cls.failed else 0


def ok(good, what, *details):
    return Tap.check(good, what, *details)


def eq(got, want, what):
    return Tap.check(got == want, what, 'got:  %r' % (got,),
                     'want: %r' % (want,))


def like(got, pattern, what):
    return Tap.check(re.search(pattern, got) is not None, what,
                     'got:  %s' % got, 'want: /%s/' % pattern)


def wait_for(seconds, fn):
    end = time.monotonic() + seconds
    while True:
        got = fn()
        if got or time.monotonic() > end:
            return got
        time.sleep(0.02)


# ---- the table ------------------------------------------------------------
def make_table():
    if os.path.exists(DB):
        os.unlink(DB)
    subprocess.run(['sqlite3', DB], stdin=open(SCHEMA), check=True)
    os.chown(DB, 0, pwd.getpwnam(USER).pw_gid)
    os.chmod(DB, 0o640)


def sql(*statements):
    """As the administrator's shell, which knows nothing of us."""
    out = subprocess.run(['sqlite3', DB], input=';\n'.join(statements) + ';',
                         text=True, capture_output=True)
    if out.returncode:
        raise RuntimeError(out.stderr)
    return out.stdout


def rule(direction, **columns):
    names = ['direction'] + list(columns)
    values = [direction] + list(columns.values())
    sql('INSERT INTO policy(%s) VALUES(%s)' % (
        ','.join(names),
        ','.join("'%s'" % str(v).replace("'", "''") for v in values)))


def make_folders():
    gid = pwd.getpwnam(USER).pw_gid
    uid = pwd.getpwnam(USER).pw_uid
    os.mkdir(RUN)
    os.chmod(RUN, 0o755)
    for path, owner, mode in ((RUN + '/db', 0, 0o750), (STATE, uid, 0o2770),
                              (SOCKETS, uid, 0o2750)):
        os.mkdir(path)
        os.chown(path, owner, gid)
        os.chmod(path, mode)


def conf_text(**changes):
    keys = {
        'policy_database': '"%s"' % DB,
        'state_database': '"%s/state.db"' % STATE,
        'last_good': '"%s/policy.last-good"' % STATE,
        'user': '"%s"' % USER,
        'log': '"stderr"',
        'socketmap_listen': '{"unix:%s", "inet:127.0.0.1:%d", '
                            '"inet:[::1]:%d"}' % (MAP_SOCKET, PORT, PORT),
        'delegation_listen': '{"unix:%s"}' % DELEGATION_SOCKET,
        'ca_directory': '"%s"' % CA_DIR,
        'prober_listen': '"unix:%s/prober.sock"' % SOCKETS,
        'metrics_listen': '"127.0.0.1:9162"',
        'workers': '2',
    }
    keys.update(changes)
    return ''.join('%s = %s\n' % (k, v) for k, v in keys.items()
                   if v is not None)


def write_conf(**changes):
    with open(CONF, 'w') as f:
        f.write(conf_text(**changes))


# ---- the daemon -----------------------------------------------------------
class Daemon:
    count = 0

    def __init__(self, env=None, wait=True):
        Daemon.count += 1
        self.log_name = '%s/policyd-%d.log' % (os.environ['RUN'],
                                               Daemon.count)
        with open(self.log_name, 'w') as log:
            self.p = subprocess.Popen([PROGRAM, '-c', CONF], stdout=log,
                                      stderr=log, stdin=subprocess.DEVNULL,
                                      env=dict(os.environ, **(env or {})))
        if wait and not self.wait_log('started with'):
            raise RuntimeError('did not start:\n' + self.log())

    def log(self):
        with open(self.log_name, errors='replace') as f:
            return f.read()

    def wait_log(self, pattern, seconds=10, after=0):
        return wait_for(seconds, lambda: re.search(
            pattern, self.log()[after:]))

    def mark(self):
        return len(self.log())

    def tell(self, number):
        self.p.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """The exit status, and how long it took."""
        begin = time.monotonic()
        if self.p.poll() is None:
            self.p.send_signal(number)
        try:
            self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        return self.p.returncode, time.monotonic() - begin


def run(*args):
    return subprocess.run([PROGRAM] + list(args), text=True,
                          capture_output=True, timeout=20)


# ---- clients --------------------------------------------------------------
def netstring(data):
    if isinstance(data, str):
        data = data.encode()
    return b'%d:%s,' % (len(data), data)


class Client:
    """A connection that reads netstrings (socketmap) or actions."""

    def __init__(self, where=MAP_SOCKET, timeout=10):
        if isinstance(where, str):
            self.s = socket.socket(socket.AF_UNIX)
        else:
            self.s = socket.socket(socket.AF_INET6 if ':' in where[0]
                                   else socket.AF_INET)
        self.s.settimeout(timeout)
        self.s.connect(where)
        self.got = b''

    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode())

    def more(self):
        """False at the end of the stream."""
        try:
            block = self.s.recv(65536)
        except ConnectionResetError:
            return False
        self.got += block
        return block != b''

    def reply(self):
        """One netstring; None when the connection was closed first."""
        while True:
            colon = self.got.find(b':')
            if colon > 0:
                n = int(self.got[:colon])
                if len(self.got) > colon + 1 + n:
                    text = self.got[colon + 1:colon + 1 + n]
                    if self.got[colon + 1 + n:colon + 2 + n] != b',':
                        raise RuntimeError('no netstring: %r' % self.got)
                    self.got = self.got[colon + 2 + n:]
                    return text.decode('utf-8', 'backslashreplace')
            if not self.more():
                return None

    def action(self):
        """One delegation reply; None when closed first."""
        while b'\n\n' not in self.got:
            if not self.more():
                return None
        text, self.got = self.got.split(b'\n\n', 1)
        return text.decode('utf-8', 'backslashreplace')

    def ask(self, key, map_name='tlspolicy'):
        self.send(netstring(map_name + ' ' + key))
        return self.reply()

    def is_closed(self, seconds=5):
        """True when the daemon closes within the time."""
        self.s.settimeout(seconds)
        try:
            return self.s.recv(1) == b''
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False

    def close(self):
        self.s.close()


def ask(key, map_name='tlspolicy', where=MAP_SOCKET):
    c = Client(where)
    try:
        return c.ask(key, map_name)
    finally:
        c.close()


REQUEST = [
    ('request', 'smtpd_access_policy'), ('protocol_state', 'RCPT'),
    ('protocol_name', 'ESMTP'), ('client_address', '192.0.2.1'),
    ('client_name', 'unknown'), ('client_port', '40000'),
    ('helo_name', 'client.example'), ('sender', 'a@other.example'),
    ('recipient', 'b@here.example'), ('queue_id', ''), ('instance', '1.2'),
    ('ccert_subject', ''), ('ccert_issuer', ''), ('ccert_fingerprint', ''),
    ('ccert_pubkey_fingerprint', ''), ('encryption_protocol', ''),
    ('encryption_cipher', ''), ('encryption_keysize', '0'),
]
TLS = dict(encryption_protocol='TLSv1.3',
           encryption_cipher='TLS_AES_256_GCM_SHA384',
           encryption_keysize='256')


def request(**changes):
    """A delegation request; None leaves an attribute out."""
    rows = [(k, changes.get(k, v)) for k, v in REQUEST]
    return ''.join('%s=%s\n' % r for r in rows if r[1] is not None) + '\n'


def judge(**changes):
    c = Client(DELEGATION_SOCKET)
    try:
        c.send(request(**changes))
        return c.action()
    finally:
        c.close()
