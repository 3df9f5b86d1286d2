# tlswarden: rules with a subnet in the real daemon: what DNS says, does not
# say, says late; connections that wait for it, go, and are drained.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from policyd_world import *

HERE = os.environ['SOURCE'] + '/tests/e2e'
ZONE = RUN + '/zone'
METRICS = '127.0.0.1:9162'

# 10.1 and fd00:1 demand TLS, 10.2 and fd00:2 turn it off.
RECORDS = '''
in.test MX 10 mx.in.test
mx.in.test A 10.1.0.1
out.test MX 10 mx.out.test
mx.out.test A 10.9.0.1
first.test MX 10 mx.in.test
first.test MX 20 mx.out.test
last.test MX 10 mx.out.test
last.test MX 20 mx.in.test
bare.test A 10.1.0.2
alias.test CNAME in.test
mxalias.test MX 10 www.mxalias.test
www.mxalias.test CNAME mx.in.test
six.test MX 10 mx.six.test
mx.six.test AAAA fd00:1::1
both.test MX 10 mx.both.test
mx.both.test A 10.9.0.1
mx.both.test AAAA fd00:1::2
gonemx.test MX 10 nowhere.test
gonemx.test MX 20 mx.in.test
allgone.test MX 10 nowhere.test
nullmx.test MX 0 .
nullmx.test A 10.1.0.1
off.test MX 10 mx.off.test
mx.off.test A 10.2.0.1
mx.off.test A 10.2.0.2
offsix.test MX 10 mx.offsix.test
mx.offsix.test AAAA fd00:2::1
halfoff.test MX 10 mx.off.test
halfoff.test MX 20 mx.out.test
fail.test FAIL
failmx.test MX 10 mx.failmx.test
mx.failmx.test FAIL
infail.test MX 10 mx.in.test
infail.test MX 20 mx.failmx.test
outfail.test MX 10 mx.out.test
outfail.test MX 20 mx.failmx.test
outno6.test MX 10 mx.outno6.test
mx.outno6.test A 10.9.0.1
mx.outno6.test FAIL AAAA
offno6.test MX 10 mx.offno6.test
mx.offno6.test A 10.2.0.1
mx.offno6.test FAIL AAAA
lost.test DROP
*.lost.test DROP
*.many.test MX 10 mx.in.test
*.other.test A 10.9.0.1
'''


def ask(key, map_name='tlspolicy'):
    """With more patience than policyd has with DNS."""
    c = Client(timeout=20)
    try:
        return c.ask(key, map_name)
    finally:
        c.close()


def encrypt_only(answer):
    return answer == 'OK encrypt'


# Next hop, answer of map tlspolicy.
ANSWERS = [
    ('in.test', 'OK encrypt', 'the MX is in the subnet'),
    ('IN.Test.', 'OK encrypt', 'however it is written'),
    ('in.test:587', 'OK encrypt', 'a port does not turn MX records off'),
    ('out.test', 'NOTFOUND ', 'the MX is not in it'),
    ('first.test', 'OK encrypt', 'the first of two MX'),
    ('last.test', 'OK encrypt', 'the last of two MX'),
    ('bare.test', 'OK encrypt', 'no MX: its own address'),
    ('alias.test', 'OK encrypt', 'an alias of the domain'),
    ('mxalias.test', 'OK encrypt', 'an alias of the MX'),
    ('six.test', 'OK encrypt', 'IPv6'),
    ('both.test', 'OK encrypt', 'IPv6 beside IPv4'),
    ('gonemx.test', 'OK encrypt', 'an MX that does not exist, one in it'),
    ('[mx.in.test]', 'OK encrypt', 'a host'),
    ('[mx.in.test]:25', 'OK encrypt', 'a host and a port'),
    ('[in.test]', 'TEMP', 'a host has no MX'),
    ('[mx.out.test]', 'NOTFOUND ', 'a host outside'),
    ('off.test', 'OK none', 'level none: all addresses are in it'),
    ('offsix.test', 'OK none', 'level none by IPv6'),
    ('halfoff.test', 'NOTFOUND ', 'level none: not all are in it'),
    ('exact.test', 'OK secure',
     'a better rule, without DNS'),
    ('[10.1.2.3]', 'OK encrypt', 'an address'),
    ('/run/lmtp', 'NOTFOUND ', 'a socket has no address'),
    # Postfix asks only when it has an address: this is a doubt.
    ('nowhere.test', 'TEMP', 'no such domain'),
    ('nullmx.test', 'TEMP', 'a null MX'),
    ('allgone.test', 'TEMP', 'no MX exists'),
    # What DNS does not tell now.
    ('fail.test', 'TEMP', 'SERVFAIL for the MX'),
    ('failmx.test', 'TEMP', 'SERVFAIL for the address'),
    ('infail.test', 'OK encrypt', 'one is in it, whatever the other is'),
    ('outfail.test', 'TEMP', 'the other could be in it'),
    ('outno6.test', 'TEMP', 'its IPv6 address could be in it'),
    ('offno6.test', 'TEMP', 'its IPv6 address could be out of it'),
]


class Dns:
    def __init__(self, port, zone=ZONE):
        self.p = subprocess.Popen([sys.executable, HERE + '/dns.py',
                                   '127.0.0.1', str(port), zone])
        want = ' 0100007F:%04X ' % port
        wait_for(10, lambda: want in open('/proc/net/udp').read())

    def stop(self):
        self.p.kill()
        self.p.wait()


def write_zone(text, name=ZONE):
    with open(name + '.new', 'w') as f:
        f.write(text)
    os.rename(name + '.new', name)


def servers(*ports):
    return '{%s}' % ','.join('"127.0.0.1@%d"' % p for p in ports)


def metric(name):
    with urllib.request.urlopen('http://%s/metrics' % METRICS) as r:
        text = r.read().decode()
    return int(re.search(r'^tlswarden_%s (\d+)$' % name, text, re.M).group(1))


def timed(key, **how):
    begin = time.monotonic()
    return ask(key, **how), time.monotonic() - begin


def answers():
    for key, want, what in ANSWERS:
        got = ask(key)
        ok(got == want or (want == 'TEMP' and got.startswith(
            'TEMP policy rule ')), 'DNS: %s: %s' % (key, what), got)
    like(ask('fail.test'), r'^TEMP policy rule \d+ is about a subnet, and not '
         r'all addresses of fail\.test are known: DNS MX of fail\.test: rcode 2$',
         'the text says rule, next hop and what DNS said')
    like(ask('nullmx.test'), r'null MX', 'a null MX is named')
    eq(ask('in.test', 'address-none'), 'OK encrypt',
       'map address-LEVEL: the subnet brings in a better rule')
    eq(ask('out.test', 'address-encrypt'), 'OK encrypt', '... or none')
    eq(ask('last.test', 'sts'), 'NOTFOUND ', 'map sts: not secure')
    like(ask('fail.test', 'sts'), '^TEMP ', '... or not known')


def kept(dns):
    before = metric('dns_searches_total')
    hits = metric('dns_cache_hits_total')
    write_zone(RECORDS + 'ttl.test MX 10 mx.in.test\nttl.test TTL 60\n'
               'short.test MX 10 mx.in.test\n' + 'mx.in.test TTL 60\n')
    for _ in range(20):
        eq_quiet(ask('ttl.test'), 'OK encrypt')
    eq(metric('dns_searches_total') - before, 1, '20 questions: DNS once')
    eq(metric('dns_cache_hits_total') - hits, 19, '... and 19 from the cache')
    eq(ask('short.test'), 'OK encrypt', 'a short TTL')
    write_zone(RECORDS + 'ttl.test MX 10 mx.out.test\nttl.test TTL 60\n'
               'short.test MX 10 mx.out.test\n')
    eq(ask('short.test'), 'OK encrypt', '... is kept five seconds')
    got = wait_for(9, lambda: ask('short.test') == 'NOTFOUND ')
    ok(got, '... then DNS is asked again', ask('short.test'))
    eq(ask('ttl.test'), 'OK encrypt', 'a longer TTL is honoured')
    write_zone(RECORDS)


quiet_failures = []


def eq_quiet(got, want):
    if got != want:
        quiet_failures.append((got, want))


def slow():
    """lost.test is never answered."""
    waits = Client(timeout=30)
    begin = time.monotonic()
    waits.send(b''.join(netstring('tlspolicy ' + k) for k in (
        'exact.test', 'lost.test', 'in.test', 'exact.test')))
    eq(waits.reply(), 'OK secure',
       'what comes before a slow one is answered')
    time.sleep(0.2)
    worst = 0
    for i in range(50):
        got, took = timed('%d.other.test' % i)
        eq_quiet(got, 'NOTFOUND ')
        worst = max(worst, took)
    ok(worst < 1.5, 'other connections do not wait for a slow one', worst)
    ok(metric('dns_waiting_now') >= 1, '... which still waits')
    like(waits.reply(), '^TEMP .*lost.test', 'the slow one itself is TEMP')
    took = time.monotonic() - begin
    ok(took < 12, '... in time', took)
    eq(waits.reply(), 'OK encrypt', 'what came behind it is answered')
    eq(waits.reply(), 'OK secure', '... in order')
    waits.close()

    # Many slow ones, and a good one beside.
    clients = [Client(timeout=30) for _ in range(300)]
    for i, c in enumerate(clients):
        c.send(netstring('tlspolicy %d.lost.test' % i))
    time.sleep(0.3)
    got, took = timed('good.other.test')
    ok(got == 'NOTFOUND ' and took < 2, 'beside 300 slow ones', got, took)
    replies = [c.reply() for c in clients]
    ok(all(r.startswith('TEMP ') for r in replies), '... which are TEMP')
    for c in clients:
        c.close()
    for i in range(5):
        time.sleep(0.5)
        got, took = timed('after%d.other.test' % i)
        eq_quiet(got, 'NOTFOUND ')
        ok(took < 2, 'after them DNS works', took)


def many():
    begin = time.monotonic()
    clients = [Client(timeout=60) for _ in range(1000)]
    for i, c in enumerate(clients):
        c.send(netstring('tlspolicy m%d.many.test' % i))
    replies = [c.reply() for c in clients]
    took = time.monotonic() - begin
    eq(sum(map(encrypt_only, replies)), 1000, '1000 domains at once')
    ok(took < 20, '... in %.1f s' % took)
    for c in clients:
        c.close()
    begin = metric('dns_searches_total')
    clients = [Client(timeout=60) for _ in range(200)]
    for c in clients:
        c.send(netstring('tlspolicy same.many.test'))
    eq([c.reply() for c in clients], ['OK encrypt'] * 200,
       '200 ask for one domain')
    eq(metric('dns_searches_total') - begin, 1, '... DNS is asked once')
    for c in clients:
        c.close()
    c = Client(timeout=60)
    names = ['p%d.many.test' % (i % 700) for i in range(3000)]
    threading.Thread(target=lambda: c.send(
        b''.join(netstring('tlspolicy ' + n) for n in names))).start()
    eq(sum(encrypt_only(c.reply()) for _ in names), 3000,
       '3000 requests at once on one connection')
    c.close()


def leaving(d):
    """Connections that go while DNS is asked."""
    for _ in range(3):
        clients = [Client() for _ in range(200)]
        for i, c in enumerate(clients):
            c.send(netstring('tlspolicy exact.test') +
                   netstring('tlspolicy q%d.lost.test' % i) * 5)
            if i % 2 == 0:
                c.close()
        for c in clients[1::2]:
            c.s.shutdown(1)
        time.sleep(0.05)
        for c in clients[1::2]:
            c.close()
    eq(ask('in.test'), 'OK encrypt', 'clients that go while DNS is asked')
    ok(wait_for(15, lambda: metric('dns_waiting_now') == 0),
       '... are forgotten')
    # The answer to the first request cannot be sent when the second one has
    # been asked of DNS, and nobody comes behind.
    c = Client()
    c.s.shutdown(socket.SHUT_RD)
    c.send(netstring('tlspolicy exact.test') +
           netstring('tlspolicy gone.lost.test'))
    wait_for(5, lambda: metric('dns_waiting_now') == 1)
    wait_for(15, lambda: metric('dns_waiting_now') == 0)
    time.sleep(0.2)
    c.close()
    ok(d.p.poll() is None, '... and policyd lives')


def swapping(d):
    """The table changes while DNS is asked."""
    c = Client(timeout=30)
    c.send(netstring('tlspolicy swap.lost.test'))
    wait_for(5, lambda: metric('dns_waiting_now') == 1)
    mark = d.mark()
    rule('out', recipient='swap.lost.test', level='encrypt', priority=1,
         comment='swap')
    ok(d.wait_log('policy table loaded', after=mark), 'a new table meanwhile')
    eq(c.reply(), 'OK encrypt', 'the answer is that of the new table')
    c.close()
    sql("DELETE FROM policy WHERE comment = 'swap'")


def reloading(d):
    other = RUN + '/other.zone'
    write_zone('moved.test MX 10 mx.in.test\nmx.in.test A 10.1.0.1\n'
               'in.test MX 10 mx.far.test\nmx.far.test A 10.9.0.1\n', other)
    dns = Dns(5302, other)
    eq(ask('in.test'), 'OK encrypt', 'before a reload')
    c = Client(timeout=30)
    c.send(netstring('tlspolicy moved.test') + netstring('tlspolicy in.test'))
    first = c.reply()
    like(first, '^TEMP .*no such name', 'the old resolver does not know')
    c.send(netstring('tlspolicy wait.lost.test'))
    wait_for(5, lambda: metric('dns_waiting_now') == 1)
    write_conf(dns_servers=servers(5302), metrics_listen='"%s"' % METRICS)
    d.tell(signal.SIGHUP)
    got = wait_for(10, lambda: ask('moved.test') == 'OK encrypt')
    ok(got, 'a reload takes the new dns_servers', ask('moved.test'))
    eq(ask('in.test'), 'NOTFOUND ', '... and forgets what the old ones said')
    eq(c.reply(), 'OK encrypt', 'the request behind is answered')
    like(c.reply(), '^TEMP .*no such name',
         'what waited is asked of the new one')
    c.close()
    write_conf(dns_servers=servers(5301), metrics_listen='"%s"' % METRICS)
    d.tell(signal.SIGHUP)
    ok(wait_for(10, lambda: ask('in.test') == 'OK encrypt'), '... and back')
    dns.stop()


def down(d, dns):
    """Answers that need DNS are TEMP, others are not touched."""
    dns.stop()
    got, took = timed('down1.many.test')
    like(got, '^TEMP policy rule', 'DNS is down: TEMP')
    ok(took < 12, '... in %.1f s' % took)
    got, took = timed('exact.test')
    ok(got == 'OK secure' and took < 0.5,
       'a rule that no subnet rule is better than', got, took)
    got, took = timed('[10.1.0.1]:25')
    ok(got == 'OK encrypt' and took < 0.5, 'an address', got, took)
    got, took = timed('down1.many.test')
    ok(got.startswith('TEMP') and took < 0.5,
       'trouble is remembered for some seconds', got, took)
    time.sleep(20)
    for i in range(3):
        ask('down%d.many.test' % i)
    ok('not all addresses of down1.many.test are known' in d.log(),
       'it is logged')
    dns = Dns(5301)
    begin = time.monotonic()
    got = wait_for(20, lambda: ask('down1.many.test') == 'OK encrypt')
    ok(got, 'DNS is back, %.1f s later it is asked' % (
        time.monotonic() - begin))
    return dns


def evicted():
    write_conf(dns_servers=servers(5301), max_connections='20')
    d = Daemon()
    clients = [Client(timeout=30) for _ in range(60)]
    for i, c in enumerate(clients):
        try:
            c.send(netstring('tlspolicy e%d.lost.test' % i))
        except BrokenPipeError:
            pass  # evicted already
        time.sleep(0.005)
    replies = [c.reply() for c in clients]
    eq(sum(r is None for r in replies), 40,
       'over the limit the longest idle go, waiting or not')
    ok(all(r is None or r.startswith('TEMP') for r in replies),
       '... the others are answered')
    d.stop()


def draining():
    write_conf(dns_servers=servers(5301))
    d = Daemon()
    waits = Client(timeout=30)
    waits.send(netstring('tlspolicy drain.lost.test'))
    time.sleep(0.3)
    code, took = d.stop()
    eq(code, 0, 'SIGTERM while DNS is asked')
    ok(took < 5, '... ends it', took)
    eq(waits.reply(), None, '... the connection is closed')
    d = Daemon()
    clients = [Client(timeout=30) for _ in range(20)]
    for i, c in enumerate(clients):
        c.send(netstring('tlspolicy d%d.many.test' % i))
    code, took = d.stop()
    eq(code, 0, 'SIGTERM while quick answers are on the way')
    replies = [c.reply() for c in clients]
    ok(all(r in (None, 'OK encrypt') for r in replies),
       '... they are right or the connection is closed', replies)


def untouched():
    """Without outbound rules about subnets there is no DNS at all."""
    sql("DELETE FROM policy WHERE subnet IS NOT NULL")
    write_conf(dns_servers=servers(5399), metrics_listen='"%s"' % METRICS)
    d = Daemon()
    before = len(os.listdir('/proc/%d/task' % d.p.pid))
    for i in range(100):
        eq_quiet(ask('%d.many.test' % i), 'NOTFOUND ')
    eq(metric('dns_searches_total'), 0, 'no subnet rule: DNS is not asked')
    eq(len(os.listdir('/proc/%d/task' % d.p.pid)), before,
       '... and no resolver made')
    d.stop()


def main():
    make_folders()
    make_table()
    rule('out', recipient='exact.test', level='secure', priority=1)
    rule('out', subnet='10.1.0.0/16', level='encrypt', priority=10)
    rule('out', subnet='fd00:1::/32', level='encrypt', priority=10)
    rule('out', subnet='10.2.0.0/16', level='none', priority=20)
    rule('out', subnet='fd00:2::/32', level='none', priority=20)
    rule('out', recipient='joe@out.test', level='encrypt', priority=50)
    write_zone(RECORDS)
    dns = Dns(5301)
    write_conf(dns_servers=servers(5301), metrics_listen='"%s"' % METRICS)
    d = Daemon()
    answers()
    kept(dns)
    slow()
    many()
    leaving(d)
    swapping(d)
    reloading(d)
    dns = down(d, dns)
    code, _ = d.stop()
    eq(code, 0, 'ends')
    ok('Sanitizer' not in d.log() and 'stats: ' in d.log(), 'no trouble logged',
       d.log()[-2000:])
    evicted()
    draining()
    untouched()
    dns.stop()
    eq(quiet_failures, [], 'all the other answers')
    return Tap.done()


sys.exit(main())
