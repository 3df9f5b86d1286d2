# tlswarden: the real daemon on sockets: command line, answers, broken and
# many clients, signals, sockets, the table's files.
# SPDX-License-Identifier: BSD-2-Clause
import hashlib
import json
import os
import random
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time

from policyd_world import *


def command_line():
    out = run('-V')
    eq(out.returncode, 0, '-V exits with 0')
    like(out.stdout, r'^tlswarden-policyd \d.*libevent.*SQLite', '-V: versions')
    for option in ('-h', '--help'):
        out = run(option)
        ok(out.returncode == 0 and '-c FILE' in out.stdout,
           option + ' prints the usage', out)
    eq(run('-x').returncode, 64, 'an unknown option is EX_USAGE')
    eq(run('extra').returncode, 64, 'an argument is EX_USAGE')
    eq(run('-c').returncode, 64, '-c without a file is EX_USAGE')

    out = run('-c', RUN + '/nonexistent.conf')
    ok(out.returncode == 66 and 'nonexistent.conf' in out.stderr,
       'a missing file is EX_NOINPUT and named', out)
    write_conf(workers='"many"')
    out = run('-n', '-c', CONF)
    ok(out.returncode == 78 and
       '%s:%d: workers: "many" is not a whole number' % (
           CONF, conf_text().count('\n')) in out.stderr,
       'a bad value is EX_CONFIG with file, line, key, allowed', out)

    write_conf()
    out = run('-n', '-c', CONF)
    eq((out.returncode, out.stderr), (0, ''), '-n: a good configuration')
    with open(RUN + '/printed.conf', 'w') as f:
        f.write(out.stdout)
    again = run('-n', '-c', RUN + '/printed.conf')
    eq(again.stdout, out.stdout, '-n prints what it reads back')

    sample = os.environ['SOURCE'] + '/contrib/tlswarden.conf'
    with open(sample) as f, open(RUN + '/sample.conf', 'w') as g:
        for line in f:
            g.write(line[1:] if line[:1] == '#' and line[1:2].isalpha()
                    else line)
    eq(run('-n', '-c', RUN + '/sample.conf').stdout,
       run('-n', '-c', '/dev/null').stdout,
       'the sample file holds the defaults')


def root():
    for user, code, words in (('', 78, 'will not run as root'),
                              ('root', 78, 'will not run as root'),
                              ('no-such-user', 67, 'there is no user')):
        write_conf(user='"%s"' % user)
        out = run('-c', CONF)
        ok(out.returncode == code and words in out.stderr,
           'started as root with user "%s": refused' % user, out)
        ok(not os.path.exists(MAP_SOCKET), '... and no socket is left')
    write_conf()


def started(d):
    with open('/proc/%d/status' % d.p.pid) as f:
        status = f.read()
    uid = pwd_uid()
    like(status, r'(?m)^Uid:\s%d\s%d\s%d\s%d$' % (uid, uid, uid, uid),
         'it has become the user')
    like(status, r'(?m)^CapEff:\s0+$', '... without capabilities')
    like(status, r'(?m)^NoNewPrivs:\s1$', '... and cannot get new ones')
    st = os.stat(MAP_SOCKET)
    eq(stat.S_IMODE(st.st_mode), 0o660, 'the socket has socket_mode')
    eq(st.st_gid, os.stat(SOCKETS).st_gid, "... and the directory's group")
    like(d.log(), r'version .*libevent.*started with 2 workers, answers '
         r'socketmap unix:.*inet:127\.0\.0\.1:8462.*delegation unix:',
         'the start-up line says versions, workers, sockets')


def pwd_uid():
    import pwd
    return pwd.getpwnam(USER).pw_uid


def keys():
    for key, want in (
            ('example.mil', 'OK encrypt'),
            ('EXAMPLE.Mil', 'OK encrypt'),
            ('example.mil.', 'OK encrypt'),
            ('[example.mil]', 'OK encrypt'),
            ('example.mil:25', 'OK encrypt'),
            ('[example.mil]:2525', 'OK encrypt'),
            ('sub.example.mil', 'NOTFOUND '),
            ('.example.mil', 'NOTFOUND '),
            ('.mil', 'NOTFOUND '),
            ('sub.bank.example', 'OK secure match=nexthop:dot-nexthop'),
            ('deep.sub.bank.example',
             'OK secure match=nexthop:dot-nexthop'),
            ('bank.example', 'NOTFOUND '),
            ('b\u00fccher.example', 'OK may'),
            ('xn--bcher-kva.example', 'OK may'),
            ('[192.0.2.7]', 'OK none'),
            ('[192.0.2.7]:25', 'OK none'),
            ('192.0.2.7', 'OK none'),
            ('[198.51.100.1]', 'NOTFOUND '),
            ('[IPv6:2001:db8::7]:25', 'OK none'),
            ('[2001:db8::7]', 'OK none'),
            ('other.example', 'NOTFOUND '),
            ('', None),
            ('a b', None),
    ):
        got = ask(key)
        if want is None:
            ok(got.split(' ')[0] in ('NOTFOUND', 'TEMP'),
               'key %r: no level' % key, got)
        elif want.startswith('OK secure'):
            like(got, '^OK secure', 'key %r' % key)
        else:
            eq(got, want, 'key %r' % key)
    eq(ask('strict.example'), 'OK encrypt protocols=>=TLSv1.2',
       'attributes follow the level')
    for where in (('127.0.0.1', PORT), ('::1', PORT)):
        eq(ask('example.mil', where=where), 'OK encrypt',
           'by inet %s' % where[0])


def maps():
    like(ask('x', 'sendmail'), '^TEMP the key is none of tlswarden.m4',
         'a key of map sendmail that cannot be read is TEMP')
    eq(ask('try:<192.0.2.1><a@example.mil><example.mil><mx>', 'sendmail'), 'OK ok',
       '... one that can is answered')
    eq(ask('unruled.example', 'sts'), 'NOTFOUND ', 'map sts without a rule')
    like(ask('x', 'tlspolicyx'), '^TEMP map tlspolicyx is unknown',
         'an unknown map is TEMP')
    like(ask('x', 'TLSPOLICY'), '^TEMP', '... and names have a case')
    like(ask('x', 'a\nb\u00e9'), r'^TEMP map a\\x0Ab\\xC3\\xA9 is unknown',
         '... and is escaped')


def more_maps():
    """The answers themselves are unit tests; here the connection counts."""
    status = '4.7.4 TLS is required, but was not offered by host mx[192.0.2.1]'
    rule('out', recipient='ceo@users.example', level='secure',
         comment='more_maps')
    rule('out', recipient='users.example', level='encrypt',
         on_failure='fail', comment='more_maps')
    ok(wait_for(5, lambda: ask('users.example') == 'OK encrypt'),
       'the rules are served')
    eq(ask('CEO@users.example', 'transport'), 'OK tlswarden-secure:',
       'transport: an address rule')
    eq(ask('other@users.example', 'transport'), 'NOTFOUND ',
       'transport: a domain rule')
    eq(ask('*', 'transport'), 'NOTFOUND ', 'transport: the wildcard')
    eq(ask('users.example', 'address-secure'), 'OK secure', 'address-secure')
    like(ask('x', 'address-bogus'), '^TEMP', 'address-LEVEL of no level')
    eq(ask('not-an-address', 'ehlo'), 'NOTFOUND ', 'ehlo: no address')
    c = Client()
    eq(c.ask(status, 'dsn'), 'NOTFOUND ', 'dsn: before any policy lookup')
    c.ask('users.example')
    eq(c.ask('.example'), 'NOTFOUND ', 'Postfix walks up')
    like(c.ask(status, 'dsn'),
         r'^OK 5\.7\.4 TLS required by policy rule \d+ for mail to '
         r'users\.example: TLS is required',
         'dsn: the rule of the lookup before it')
    c.ask('nobody.invalid')
    eq(ask(status, 'dsn'), 'NOTFOUND ', 'dsn: another connection')
    dsn_of_the_next_delivery(c, status)
    dsn_of_a_table_before(c, status)
    c.close()
    sql("DELETE FROM policy WHERE comment = 'more_maps'")


def dsn_of_the_next_delivery(c, status):
    c.ask('users.example')
    like(c.ask(status, 'dsn'), r'^OK 5', 'dsn: one recipient')
    like(c.ask(status, 'dsn'), r'^OK 5', 'dsn: another one of that delivery')
    eq(c.ask(status.replace('host ', 'host other.'), 'dsn'), 'NOTFOUND ',
       'dsn: another server is of a delivery that another table answered for')
    eq(c.ask(status, 'dsn'), 'NOTFOUND ', 'dsn: ... and all after it')
    c.ask('users.example')
    eq(c.ask('2.0.0 250 2.0.0 Ok', 'dsn'), 'NOTFOUND ', 'dsn: sent')
    eq(c.ask(status, 'dsn'), 'NOTFOUND ', 'dsn: ... ends the delivery, too')


def dsn_of_a_table_before(c, status):
    c.ask('users.example')
    sql("UPDATE policy SET on_failure = 'tempfail', level = 'preferred' "
        "WHERE recipient = 'users.example'")
    ok(wait_for(5, lambda: ask('users.example') == 'OK may'),
       'the rule is another one')
    like(c.ask(status, 'dsn'), r'^OK 4\.7\.4 TLS required by policy rule \d+ ',
         'dsn: nothing becomes permanent by a table that was changed since')
    sql("UPDATE policy SET on_failure = 'fail', level = 'encrypt' "
        "WHERE recipient = 'users.example'")
    ok(wait_for(5, lambda: ask('users.example') == 'OK encrypt'),
       'the rule is as it was')
    like(c.ask(status, 'dsn'), r'^OK 4\.7\.4 ', '... nor when it is back')
    c.ask('users.example')
    like(c.ask(status, 'dsn'), r'^OK 5\.7\.4 ', '... but the next delivery')


def pieces():
    c = Client()
    for b in netstring('tlspolicy example.mil'):
        c.send(bytes([b]))
    eq(c.reply(), 'OK encrypt', 'a request byte by byte')
    c.send(netstring('tlspolicy example.mil') + b'21:tlspol')
    eq(c.reply(), 'OK encrypt', 'one and a half: the whole one is answered')
    c.send(b'icy example.com,')
    eq(c.reply(), 'NOTFOUND ', '... then the other')
    c.s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    want = []
    data = b''
    for i in range(1000):
        key = random.choice(('example.mil', 'other.example', 'x y'))
        name = random.choice(('tlspolicy', 'nonesuch'))
        data += netstring('%s %s' % (name, key))
        want.append('TEMP' if name == 'nonesuch' or key == 'x y' else
                    'OK encrypt' if key == 'example.mil' else 'NOTFOUND ')
    c.send(data)
    got = [c.reply() for _ in want]
    bad = [(g, w) for g, w in zip(got, want)
           if not (g.startswith(w) or
                   w == 'TEMP' and g == 'NOTFOUND ')]
    eq(bad, [], '1000 requests at once: answered in order')
    c.s.shutdown(socket.SHUT_WR)
    ok(c.is_closed(), 'the end of the stream ends the connection')

    c = Client()
    c.send(netstring('tlspolicy example.mil'))
    c.s.shutdown(socket.SHUT_WR)
    eq(c.reply(), 'OK encrypt', 'a client that has finished sending')

    c = Client()
    eq(c.ask('a\0b').split(' ')[0] in ('TEMP', 'NOTFOUND'), True,
       'a NUL in the key is data')
    eq(c.ask('example.mil'), 'OK encrypt', '... and the connection goes on')


def slow_reader():
    """Answers pile up: reading stops, nothing is lost, memory is bounded."""
    c = Client()
    c.s.setblocking(False)
    data = netstring('tlspolicy example.mil') * 40000
    sent = 0
    stalled = 0
    while sent < len(data) and stalled < 20:
        try:
            sent += c.s.send(data[sent:sent + 65536])
            stalled = 0
        except BlockingIOError:
            stalled += 1
            time.sleep(0.01)
    ok(sent < len(data), 'a client that does not read is not read from',
       '%d of %d' % (sent, len(data)))
    eq(ask('example.mil'), 'OK encrypt', '... others are served meanwhile')
    c.s.settimeout(10)
    n = 0
    c.s.setblocking(True)
    c.s.settimeout(5)
    import threading
    t = threading.Thread(target=lambda: c.s.sendall(data[sent:]))
    t.start()
    while n < 40000 and c.reply() == 'OK encrypt':
        n += 1
    t.join()
    eq(n, 40000, '... and gets all answers when it reads')
    c.close()


def broken(d):
    good = Client()
    eq(good.ask('example.mil'), 'OK encrypt', 'a good client')
    for what, data in (
            ('garbage', b'\xff\x00\x01' * 50),
            ('HTTP', b'GET / HTTP/1.0\r\n\r\n'),
            ('no comma', b'21:tlspolicy example.mil;'),
            ('a length of zeros', b'00:,'),
            ('an empty frame', b'0:,'),
            ('no key', b'9:tlspolicy,'),
            ('no map', b'2: x,'),
            ('delegation on the wrong socket', request().encode())):
        c = Client()
        c.send(data)
        ok(c.is_closed(), what + ': closed without an answer')
    for what, data in (('too long', b'10001:' + b'x' * 10001 + b','),
                       ('a huge length', b'99999999999999999999:x')):
        c = Client()
        c.send(data)
        like(str(c.reply()), '^TEMP a request over 10000 bytes', what)
        ok(c.is_closed(), '... then closed')
    c = Client()
    c.send(netstring('tlspolicy example.mil') + b'junk')
    eq(c.reply(), 'OK encrypt', 'good, then junk: answered')
    ok(c.is_closed(), '... then closed')
    eq(Client().ask('k' * 9990).split(' ')[0] in ('TEMP', 'NOTFOUND'), True,
       'the longest request is answered')
    eq(good.ask('example.mil'), 'OK encrypt',
       'the good client has not noticed')
    ok(d.wait_log(r'conn-\d+: closed service=socketmap '
                  r'why="no socketmap request" seen="GET / HTTP'),
       'one line says what was seen', d.log())


def many(d):
    clients = [Client(random.choice((MAP_SOCKET, ('127.0.0.1', PORT))))
               for _ in range(500)]
    for c in clients:
        c.send(netstring('tlspolicy example.mil'))
    eq({c.reply() for c in clients}, {'OK encrypt'}, '500 connections')
    for c in clients[::2]:
        c.close()
    for c in clients[1::2]:
        c.send(netstring('tlspolicy other.example'))
    eq({c.reply() for c in clients[1::2]}, {'NOTFOUND '},
       '... and half of them again')
    for c in clients[1::2]:
        c.close()
    mark = d.mark()
    d.tell(signal.SIGUSR2)
    ok(d.wait_log(r'stats: open=\d+ connections=\d+ .*tlspolicy_ok=\d+',
                  after=mark), 'SIGUSR2 logs the counters', d.log()[mark:])


def eviction(d):
    write_conf(max_connections='5')
    d.tell(signal.SIGHUP)
    ok(d.wait_log('reloading: SIGHUP'), 'max_connections is 5 now')
    time.sleep(0.2)
    clients = [Client() for _ in range(5)]
    for i in (0, 1, 3, 4, 2, 0, 1, 3, 4):
        clients[i].ask('example.mil')
    sixth = Client()
    eq(sixth.ask('example.mil'), 'OK encrypt', 'the sixth is served')
    ok(clients[2].is_closed(), 'the longest idle has gone')
    eq([clients[i].ask('example.mil') for i in (0, 1, 3, 4)],
       ['OK encrypt'] * 4, '... and no other')
    seventh = Client()
    seventh.ask('example.mil')
    ok(sixth.is_closed(), 'then the next')
    for c in clients + [sixth, seventh]:
        c.close()
    flood = [Client() for _ in range(200)]
    eq(flood[-1].ask('example.mil'), 'OK encrypt', 'a flood: the last one')
    eq(sum(not c.is_closed(0.01) for c in flood), 5, '... and five are left')
    for c in flood:
        c.close()
    write_conf()
    d.tell(signal.SIGHUP)
    time.sleep(0.2)


def reloads(d):
    begin = time.monotonic()
    rule('out', recipient='new.example', level='encrypt')
    ok(wait_for(3, lambda: ask('new.example') == 'OK encrypt'),
       'a new rule is served by itself')
    ok(time.monotonic() - begin < 1.2, '... within a second',
       time.monotonic() - begin)
    for number in (signal.SIGHUP, signal.SIGUSR1):
        mark = d.mark()
        d.tell(number)
        ok(d.wait_log('policy table loaded', after=mark),
           '%s reloads the table' % number.name)
    mark = d.mark()
    write_conf(workers='3', log_level='"debug"')
    d.tell(signal.SIGHUP)
    ok(d.wait_log('read only at a restart: workers\n', after=mark),
       'a key that needs a restart is named', d.log()[mark:])
    mark = d.mark()
    write_conf(postfix_version='"3.5"')
    d.tell(signal.SIGHUP)
    want = 'OK encrypt protocols=!SSLv2:!SSLv3:!TLSv1:!TLSv1.1'
    wait_for(5, lambda: ask('strict.example') == want)
    eq(ask('strict.example'), want, 'another postfix_version, other words')
    mark = d.mark()
    write_conf(nonsense='1')
    d.tell(signal.SIGHUP)
    ok(d.wait_log('not reloaded, the old one stays: .*unknown key "nonsense"',
                  after=mark), 'a faulty configuration changes nothing',
       d.log()[mark:])
    eq(ask('example.mil'), 'OK encrypt', '... and lookups go on')
    write_conf()


def make_ca(name):
    """A certificate as PEM, with text around it as people paste it."""
    out = subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null',
         '-days', '3650', '-subj', '/CN=' + name],
        capture_output=True, text=True, check=True)
    return 'Our CA ' + name + ':\n' + out.stdout + '\n(end)\n'


def ca_files(d):
    sql("INSERT INTO ca(name, pem) VALUES('bank', '%s')" % make_ca('Bank'))
    rule('out', recipient='ca.example', level='secure', ca='bank')
    answer = wait_for(5, lambda: ask('ca.example').startswith('OK') and
                      ask('ca.example'))
    like(str(answer), r'^OK secure .*tafile=tlswarden/ca/[0-9a-f]{64}\.pem$',
         'a rule with a CA names its file')
    name = str(answer).split('/')[-1]
    path = CA_DIR + '/' + name
    ok(os.path.exists(path), '... which is there', os.listdir(CA_DIR))
    with open(path, 'rb') as f:
        content = f.read()
    eq(hashlib.sha256(content).hexdigest() + '.pem', name,
       '... named by its content')
    ok(content.startswith(b'-----BEGIN CERTIFICATE-----\n') and
       content.endswith(b'-----END CERTIFICATE-----\n'),
       '... the certificate alone', content)
    eq(stat.S_IMODE(os.stat(path).st_mode), 0o644, '... for all to read')
    with open(path, 'wb') as f:
        f.write(content[:100])
    d.tell(signal.SIGHUP)

    def is_mended():
        with open(path, 'rb') as f:
            return f.read() == content
    ok(wait_for(5, is_mended), 'a damaged file is mended by a reload')
    sql("DELETE FROM policy WHERE recipient='ca.example'",
        "DELETE FROM ca WHERE name='bank'")
    ok(wait_for(5, lambda: ask('ca.example') == 'NOTFOUND '),
       'the rule is removed')
    eq(os.listdir(CA_DIR), [name], '... its file stays for a while')


def bad_table(d):
    mark = d.mark()
    sql('PRAGMA writable_schema=ON', 'DROP TABLE policy')
    ok(d.wait_log('policy table not loaded', after=mark),
       'a broken table is logged', d.log()[mark:])
    eq(ask('example.mil'), 'OK encrypt', '... and the last good one serves')


def sockets(d):
    second = run('-c', CONF)
    ok(second.returncode == 69 and 'another program listens' in second.stderr,
       'a second daemon is refused', second)
    eq(ask('example.mil'), 'OK encrypt', '... and the first one serves')
    d.stop(signal.SIGKILL)
    ok(os.path.exists(MAP_SOCKET), 'killed: its socket is left over')
    d = Daemon()
    eq(ask('example.mil'), 'OK encrypt', 'a stale socket is replaced')
    return d


def drain(d):
    idle = Client()
    idle.ask('example.mil')
    half = Client()
    half.send(b'21:tlspolicy exam')
    time.sleep(0.1)
    d.tell(signal.SIGTERM)
    ok(idle.is_closed(), 'SIGTERM: an idle connection is closed')
    half.send(b'ple.mil,')
    eq(half.reply(), 'OK encrypt', 'SIGTERM: what has begun is answered')
    code, seconds = d.stop()
    eq(code, 0, 'SIGTERM: exit code 0')
    ok(seconds < 2, 'SIGTERM: in less than two seconds', seconds)
    eq(os.listdir(SOCKETS), ['ca'], 'SIGTERM: the sockets are removed')
    like(d.log(), r'stopping: SIGTERM\n.*stats: open=0 .*tlspolicy_ok=3',
         'SIGTERM: the counters are logged')
    d = Daemon()
    half = Client()
    half.send(b'21:tlspolicy exam')
    time.sleep(0.1)
    code, seconds = d.stop(signal.SIGINT)
    ok(code == 0 and seconds < 4, 'a request that never ends is not waited '
       'for', (code, seconds))


def notified():
    name = SOCKETS + '/notify'
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    os.chmod(name, 0o777)
    s.settimeout(10)
    d = Daemon(env={'NOTIFY_SOCKET': name})
    like(s.recv(4096).decode(), r'^READY=1\nSTATUS=\d+ rules, 2 workers',
         'the service manager is told READY')
    d.tell(signal.SIGHUP)
    like(s.recv(4096).decode(), r'^RELOADING=1\nMONOTONIC_USEC=\d+',
         '... RELOADING')
    like(s.recv(4096).decode(), r'^READY=1', '... READY again')
    d.stop()
    like(s.recv(4096).decode(), r'^STOPPING=1', '... STOPPING')
    s.close()
    os.unlink(name)


def metrics(d):
    c = Client(('127.0.0.1', 9162))
    c.send('GET /metrics HTTP/1.0\r\n\r\n')
    while c.more():
        pass
    text = c.got.decode()
    like(text, r'^HTTP/1\.. 200 OK', 'metrics: HTTP')
    for pattern in (
            r'\ntlswarden_policyd_lookups_total'
            r'\{map="tlspolicy",result="ok"\} [1-9]',
            r'\ntlswarden_policyd_delegation_total\{verdict="fail"\} [1-9]',
            r'\ntlswarden_policyd_connections [1-9]',
            r'\ntlswarden_policy_rules 12\n',
            r'\ntlswarden_policy_failing 0\n'):
        like(text, pattern, 'metrics: ' + pattern[2:40])
    names = re.findall(r'(?m)^([a-z_]+)(?:\{.*\})? \d+$', text)
    typed = re.findall(r'(?m)^# TYPE ([a-z_]+) ', text)
    eq(sorted(set(names)), sorted(typed), 'metrics: each has its type, once')
    for data in ('GET / HTTP/1.0\r\n\r\n', 'POST /metrics HTTP/1.0\r\n\r\n',
                 '\0\xff\n' * 100, 'GET /metrics HTTP/1.0\r\n' +
                 'X: y\r\n' * 5000 + '\r\n'):
        c = Client(('127.0.0.1', 9162))
        try:
            c.send(data)
            while c.more():
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass
        ok(b' 200 ' not in c.got, 'metrics: nothing for %r' % data[:20],
           c.got)
    metrics_by_the_tool(d)


def metrics_by_the_tool(d):
    tool = os.path.join(os.environ['BUILD'], 'ctl', 'tlswarden')

    def run_tool(*args):
        return subprocess.run([tool, '-c', CONF, 'metrics'] + list(args),
                              text=True, capture_output=True, timeout=20,
                              env=dict(os.environ,
                                       http_proxy='http://127.0.0.1:1/'))
    p = run_tool()
    eq(p.returncode, 0, 'metrics: by the tool, no proxy asked')
    like(p.stdout, r'(?m)^tlswarden_policy_rules 12$', '... as served')
    eq(p.stderr, '', '... and nothing else')
    p = run_tool('--json')
    rows = json.loads(p.stdout)
    ok(any(r['name'] == 'tlswarden_policyd_lookups_total' and
           r['labels'] == {'map': 'tlspolicy', 'result': 'ok'} and
           r['value'] > 0 for r in rows), '... as JSON', p.stdout)
    write_conf(metrics_listen='"127.0.0.1:9163"')
    p = run_tool()
    eq(p.returncode, 69, 'metrics: nobody serves there')
    like(p.stderr, r'127\.0\.0\.1:9163.*is tlswarden-policyd running',
         '... and says so')
    write_conf(metrics_listen=None)
    p = run_tool('--json')
    eq(p.returncode, 78, 'metrics: not set')
    like(p.stderr, r'metrics_listen is empty', '... and says so')
    eq(p.stdout, '', '... with no half JSON')
    write_conf()


def delegation(d):
    eq(judge(), 'action=DUNNO', 'delegation: no rule')
    like(judge(sender='x@plain.example'),
         r'^action=451 4\.7\.10 TLS required by policy rule \d+ ',
         'delegation: plaintext under encrypt, tempfail')
    like(judge(sender='x@fail.example'),
         r'^action=550 5\.7\.10 TLS required by policy rule \d+ ',
         'delegation: plaintext under encrypt, fail')
    eq(judge(sender='x@fail.example', **TLS), 'action=DUNNO',
       'delegation: TLS under encrypt')
    eq(judge(sender='x@fail.example', protocol_state='DATA'), 'action=DUNNO',
       'delegation: other states are not judged')
    like(judge(sender='x@secure.example', **TLS), r'^action=550 5\.7\.5 ',
         'delegation: no certificate under secure')
    like(judge(sender='x@secure.example', ccert_fingerprint='AA:BB', **TLS),
         r'^action=550 5\.7\.5 ', 'delegation: untrusted certificate')
    eq(judge(sender='x@secure.example', ccert_subject='mail+20host',
             ccert_issuer='Test+20CA', ccert_fingerprint='AA:BB', **TLS),
       'action=DUNNO', 'delegation: trusted certificate')
    pinned = dict(sender='x@pin.example', **TLS)
    eq(judge(ccert_fingerprint=':'.join(['AA'] * 32), **pinned),
       'action=DUNNO', 'delegation: the pinned certificate')
    like(judge(ccert_fingerprint=':'.join(['BB'] * 32), **pinned),
         r'^action=550 5\.7\.5 ', 'delegation: another certificate')
    like(judge(**pinned), r'^action=550 5\.7\.5 ',
         'delegation: no certificate where one is pinned')
    for n, digest in (16, 'md5'), (20, 'sha1'), (64, 'sha512'):
        like(judge(ccert_fingerprint=':'.join(['AA'] * n), **pinned),
             r'^action=451 4\.7\.0 ',
             'delegation: smtpd_tls_fingerprint_digest=%s is our fault' %
             digest)
    like(judge(sender='', client_address='203.0.113.9'),
         r'^action=451 4\.7\.10 ', 'delegation: a subnet, the null sender')
    for hidden in 'unknown', '', None:
        like(judge(sender='', client_address=hidden),
             r'^action=451 4\.7\.0 .* address of the client is not known',
             'delegation: a proxy hides the client (%s)' % hidden)
    like(judge(sender='', client_address='unknown',
               encryption_protocol='TLSv1.3', encryption_keysize='256'),
         r'^action=451 4\.7\.0 ', 'delegation: a hidden client, encrypted')
    like(judge(sender='x@fail.example', encryption_protocol=None),
         r'^action=4', 'delegation: TLS state not told: temporary')

    c = Client(DELEGATION_SOCKET)
    c.send(request() + request(sender='x@fail.example') + request())
    got = [c.action() for _ in range(3)]
    ok(got[0] == got[2] == 'action=DUNNO' and
       got[1].startswith('action=550'), 'delegation: three at once', got)
    for b in request().encode():
        c.send(bytes([b]))
    eq(c.action(), 'action=DUNNO', 'delegation: byte by byte')
    for what, data in (
            ('no attributes', '\n'),
            ('another request', request(request='junk')),
            ('a line without =', 'junk\n\n'),
            ('an attribute twice', 'sender=a\n' + request()),
            ('bad xtext', request(ccert_subject='a+z')),
            ('no recipient', request(recipient=None)),
            ('too long', 'x=' + 'y' * 33000),
            ('socketmap', '21:tlspolicy example.mil,\n')):
        b = Client(DELEGATION_SOCKET)
        b.send(data)
        eq(b.action(), None, 'delegation: %s: closed, no answer' % what)
    c.send(request())
    eq(c.action(), 'action=DUNNO', 'delegation: others have not noticed')
    ok(d.wait_log(r'NOQUEUE: refused rule=\d+ reason=no_tls '
                  r'client=unknown\[192\.0\.2\.1\] from=<x@fail\.example> '
                  r'to=<b@here\.example> tls=none reply="550 5\.7\.10 '),
       'a refusal is one line', d.log())


def ledger():
    eq(judge(sender='x@watch.example', queue_id='ABC123'), 'action=DUNNO',
       'a monitor rule changes no answer')

    def rows():
        db = sqlite3.connect('file:%s/state.db?mode=ro' % STATE, uri=True)
        try:
            return db.execute(
                'SELECT sender, recipient, reason, mode, rule, queue_id, text '
                'FROM violation ORDER BY id').fetchall()
        except sqlite3.Error:
            return []
        finally:
            db.close()
    found = wait_for(5, lambda: [r for r in rows() if r[0] == 'watch.example'])
    eq([r[:4] + r[5:6] for r in found or rows()],
       [('watch.example', 'here.example', 'no_tls', 'monitor', 'ABC123')],
       '... but is noted in the ledger')
    refused = [r for r in rows() if r[0] == 'fail.example']
    ok(refused and refused[0][2:4] == ('no_tls', 'enforce') and
       refused[0][6].startswith('550 5.7.10 '),
       'a refusal is in the ledger, by domain', refused)


def main():
    make_folders()
    make_table()
    rule('out', recipient='example.mil', level='encrypt')
    rule('out', recipient='.bank.example', level='secure')
    rule('out', recipient='b\u00fccher.example', level='preferred')
    rule('out', subnet='192.0.2.0/24', level='none')
    rule('out', subnet='2001:db8::/32', level='none')
    rule('out', recipient='strict.example', level='encrypt',
         min_protocol='TLSv1.2')
    rule('in', sender='plain.example', level='encrypt')
    rule('in', sender='fail.example', level='encrypt', on_failure='fail')
    rule('in', sender='secure.example', level='secure', on_failure='fail')
    rule('in', sender='pin.example', level='encrypt', on_failure='fail',
         cert_fingerprint='aa' * 32)
    rule('in', sender='watch.example', level='encrypt', mode='monitor')
    rule('in', subnet='203.0.113.0/24', level='encrypt')

    command_line()
    root()
    d = Daemon()
    started(d)
    late = Client()
    late.send(b'21:tlspolicy exam')
    trickle = Client(DELEGATION_SOCKET)
    trickle.send('sender=')
    idle = Client()
    idle.ask('example.mil')
    begin = time.monotonic()

    keys()
    maps()
    more_maps()
    pieces()
    slow_reader()
    broken(d)
    many(d)
    delegation(d)
    ledger()
    metrics(d)
    reloads(d)
    ca_files(d)

    left = 18 - (time.monotonic() - begin)
    time.sleep(max(left, 0))
    ok(late.is_closed(0.1), 'half a request is cut off after 15 seconds')
    ok(trickle.is_closed(0.1), '... half a delegation request too')
    eq(idle.ask('example.mil'), 'OK encrypt', '... an idle one is not')
    ok(d.wait_log('why="a request was not finished in time"'),
       '... and it is logged', d.log())
    idle.close()

    eviction(d)
    d = sockets(d)
    drain(d)
    notified()
    d = Daemon()
    bad_table(d)
    d.stop()
    d = Daemon(wait=False)
    ok(d.wait_log('SERVING AN OLD POLICY TABLE'),
       'restarted with a broken table: says so', d.log())
    eq(wait_for(5, lambda: os.path.exists(MAP_SOCKET)) and
       ask('example.mil'), 'OK encrypt', '... and serves the last good one')
    d.stop()
    os.unlink(STATE + '/policy.last-good')
    out = run('-c', CONF)
    ok(out.returncode not in (0, 1) and 'no policy table' in out.stderr,
       'without it: it gives up', out)
    eq(os.listdir(SOCKETS), ['ca'], '... and leaves no socket')
    return Tap.done()


sys.exit(main())
