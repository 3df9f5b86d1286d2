-- tlswarden: the policy database. Made, and brought up to date, by
--
--     sqlite3 policy.db < policy.sql
--
-- Running it again is harmless: tables and their rows stay as they are,
-- triggers and views are replaced by those below. `tlswarden init` does the
-- same. Never feed the file of an older release to a newer database. Keep the
-- rollback journal, never set journal_mode=WAL: the daemons only read, as
-- another user, and a reader of a WAL needs to write.
--
-- policy   the rules. Columns: tlswarden-policy(5)
-- ca       certificates of CAs that rules name
-- audit    every insert, update and delete on both, by trigger; actor NULL is
--          the sqlite3 shell
-- rules_*, ca_used, audit_readable, subnet_masks   views for a person
-- check_*  not for reading: each is a procedure that the triggers call by
--          INSERT INTO check_...; it ends in silence or with RAISE
--
--
-- Patterns (columns sender and recipient; lib/policy/pattern.c agrees):
--
--   *                any address, the null sender too
--   <>               the null sender; column sender only
--   user@domain      one address
--   domain           every user of that domain
--   .domain          every user of its subdomains at any depth, not of itself
--   glob             without '@' over the domain: *.example.com, mx?.example.*
--   glob@glob        a glob on either side of the '@' or on both:
--                    sales-*@example.com, *@*.example.com, *@* (any but null)
--   user@[address]   one address at a domain literal: user@[192.0.2.1],
--                    user@[IPv6:2001:db8::1]
--   [host] host:port [host]:port
--                    a next hop written so; column recipient with direction
--                    'out' only
--
-- A pattern is 1 to 512 bytes of UTF-8 without control characters and is split
-- at its last '@'. '*' stands for any run of characters, '?' for one; neither
-- crosses the '@', both cross dots.
-- domain: labels parted by single dots, with at most one dot behind the last.
--   A label is letters, digits, '-', '_' and characters beyond ASCII
--   (U-labels), does not start or end with '-', and one label alone is a
--   domain too. If all of it is ASCII: labels up to 63 bytes, 253 in all.
--   A last label of digits alone is no domain (192.0.2.1). In a glob '*' and
--   '?' stand like letters, but not in one label with characters beyond ASCII.
--   What IDNA refuses in a U-label SQL cannot see; loading does.
-- user: either one or more characters other than blank, '"', '@', '<', '>'; or
--   a quoted string: '"' at both ends, blanks and '@' allowed between them,
--   '"' and '\' only behind a '\'.
-- host: in brackets a domain without wildcards, an IPv4 address, or an IPv6
--   address with or without "IPv6:" in front; without brackets a domain only.
-- port: 1 to 65535, in digits, without leading zeros.

SAVEPOINT tlswarden_policy;

PRAGMA application_id = 1953264496; -- 'tlsp'
PRAGMA user_version = 1;

-- Tables. In this order, so that the rows of a dump can also be put back into
-- an empty database that already has its triggers.

CREATE TABLE IF NOT EXISTS audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  actor  TEXT,                                   -- NULL: the shell
  tbl    TEXT NOT NULL,                          -- 'policy' or 'ca'
  op     TEXT NOT NULL,                          -- 'insert' 'update' 'delete'
  key    TEXT NOT NULL,                          -- policy.id or ca.name
  before TEXT,                                   -- JSON; NULL on insert
  after  TEXT                                    -- JSON; NULL on delete
) STRICT;

CREATE TABLE IF NOT EXISTS ca (
  name     TEXT PRIMARY KEY,                     -- policy.ca names it
  pem      ANY NOT NULL,                         -- text; ANY so that a trigger
                                                 -- can teach about readfile()
  comment  TEXT NOT NULL DEFAULT '',
  added_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policy (
  id               INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: old bounces name it
  enabled          INTEGER NOT NULL DEFAULT 1,     -- 0 or 1
  priority         INTEGER NOT NULL DEFAULT 100,   -- lower wins
  direction        TEXT NOT NULL,                  -- 'in' (mail we receive) or 'out' (mail we deliver)
  sender           TEXT NOT NULL DEFAULT '*',      -- pattern
  recipient        TEXT NOT NULL DEFAULT '*',      -- pattern
  subnet           TEXT,                           -- CIDR or address of the peer; NULL = any
  level            TEXT NOT NULL,                  -- 'none' 'preferred' 'encrypt' 'secure'
  on_failure       TEXT NOT NULL DEFAULT 'tempfail', -- or 'fail'
  ca               TEXT,                           -- name in table ca: only chains up to this CA count
  cert_name        TEXT,                           -- names the certificate must carry
  cert_fingerprint TEXT,                           -- SHA-256 of certificate or public key
  min_protocol     TEXT,                           -- 'TLSv1' 'TLSv1.1' 'TLSv1.2' 'TLSv1.3'
  min_bits         INTEGER,                        -- symmetric strength, 1 to 256
  mode             TEXT NOT NULL DEFAULT 'enforce', -- or 'monitor'
  expires_at       TEXT,                           -- UTC; the rule ends by itself
  comment          TEXT NOT NULL DEFAULT ''
) STRICT;

-- What the row that a statement is at is about to overwrite: written by BEFORE
-- triggers, taken by the AFTER triggers of the same row. What stays behind (an
-- INSERT OR IGNORE did nothing) is deleted by the next BEFORE trigger.
CREATE TABLE IF NOT EXISTS audit_pending (
  tbl    TEXT NOT NULL,
  key    TEXT NOT NULL,
  before TEXT NOT NULL
) STRICT;


-- The sentences. RAISE takes only a literal, so each fault of a column that is
-- checked by a shared procedure has its sentence here, by column.

DROP VIEW IF EXISTS check_fault;
CREATE VIEW check_fault(col, fault) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_fault_sender INSTEAD OF INSERT ON check_fault
WHEN NEW.fault IS NOT NULL AND NEW.col = 'sender'
BEGIN
  SELECT CASE NEW.fault
  WHEN 'text' THEN RAISE(ABORT, 'sender: holds a control character, an invisible blank or bytes that are not UTF-8; type the pattern anew, for example user@example.com')
  WHEN 'empty' THEN RAISE(ABORT, 'sender: an empty pattern matches nothing; write * for any sender, <> for the null sender, or for example example.com')
  WHEN 'long' THEN RAISE(ABORT, 'sender: a pattern is at most 512 bytes long; use a glob such as *@*.example.com or several rules')
  WHEN 'blank' THEN RAISE(ABORT, 'sender: no blanks in a pattern (but in a quoted user part such as "john doe"@example.com), and one pattern per rule, for example example.com')
  WHEN 'angle' THEN RAISE(ABORT, 'sender: write the address without < and >, for example user@example.com; only the null sender is written <>')
  WHEN 'no_user' THEN RAISE(ABORT, 'sender: nothing stands before the @; every user of a domain is written example.com or *@example.com')
  WHEN 'no_domain' THEN RAISE(ABORT, 'sender: nothing stands behind the @; a user at any domain is written user@*')
  WHEN 'two_at' THEN RAISE(ABORT, 'sender: a second @ stands only in a quoted user part, for example "a@b"@example.com; one address per rule')
  WHEN 'quote' THEN RAISE(ABORT, 'sender: a quoted user part has " at both ends and \ before each " or \ inside, for example "john doe"@example.com')
  WHEN 'user_parent' THEN RAISE(ABORT, 'sender: no dot right behind the @; a user at every subdomain is written user@*.example.com')
  WHEN 'parent_glob' THEN RAISE(ABORT, 'sender: the form .example.com takes no * or ?; write a glob such as *.example.com or mx*.example.com')
  WHEN 'bytes' THEN RAISE(ABORT, 'sender: a domain is made of letters, digits, - and _ in labels parted by dots, * and ? make it a glob; one pattern per rule, for example *.example.com')
  WHEN 'empty_label' THEN RAISE(ABORT, 'sender: a domain has one dot between its labels and no empty label, for example mail.example.com; .example.com stands for all its subdomains')
  WHEN 'ulabel' THEN RAISE(ABORT, 'sender: a label with * or ? in it is ASCII, other labels may be international; write for example *.xn--bcher-kva.example')
  WHEN 'hyphen' THEN RAISE(ABORT, 'sender: a label of a domain does not start or end with -, for example my-bank.example.com')
  WHEN 'size' THEN RAISE(ABORT, 'sender: a domain has at most 253 bytes and each label at most 63, for example mail.example.com')
  WHEN 'address' THEN RAISE(ABORT, 'sender: an IP address or network is no pattern; put it into column subnet, for example subnet 192.0.2.0/24, or write user@[192.0.2.1] for a domain literal')
  WHEN 'literal' THEN RAISE(ABORT, 'sender: a domain literal is an IP address in brackets behind a user without * or ?, for example user@[192.0.2.1] or user@[IPv6:2001:db8::1]')
  WHEN 'written' THEN RAISE(ABORT, 'sender: [host] and host:port are next hops and stand only in column recipient of rules with direction out; write a sender such as example.com')
  ELSE RAISE(ABORT, 'sender: not a pattern; write for example *, <>, user@example.com, example.com, .example.com or *@*.example.com')
  END;
END;

CREATE TRIGGER check_fault_recipient INSTEAD OF INSERT ON check_fault
WHEN NEW.fault IS NOT NULL AND NEW.col = 'recipient'
BEGIN
  SELECT CASE NEW.fault
  WHEN 'text' THEN RAISE(ABORT, 'recipient: holds a control character, an invisible blank or bytes that are not UTF-8; type the pattern anew, for example user@example.com')
  WHEN 'empty' THEN RAISE(ABORT, 'recipient: an empty pattern matches nothing; write * for any recipient, or for example example.com')
  WHEN 'long' THEN RAISE(ABORT, 'recipient: a pattern is at most 512 bytes long; use a glob such as *@*.example.com or several rules')
  WHEN 'null' THEN RAISE(ABORT, 'recipient: <> is the null sender, no mail is sent to it; put it into column sender, or write * for any recipient')
  WHEN 'blank' THEN RAISE(ABORT, 'recipient: no blanks in a pattern (but in a quoted user part such as "john doe"@example.com), and one pattern per rule, for example example.com')
  WHEN 'angle' THEN RAISE(ABORT, 'recipient: write the address without < and >, for example user@example.com')
  WHEN 'no_user' THEN RAISE(ABORT, 'recipient: nothing stands before the @; every user of a domain is written example.com or *@example.com')
  WHEN 'no_domain' THEN RAISE(ABORT, 'recipient: nothing stands behind the @; a user at any domain is written user@*')
  WHEN 'two_at' THEN RAISE(ABORT, 'recipient: a second @ stands only in a quoted user part, for example "a@b"@example.com; one address per rule')
  WHEN 'quote' THEN RAISE(ABORT, 'recipient: a quoted user part has " at both ends and \ before each " or \ inside, for example "john doe"@example.com')
  WHEN 'user_parent' THEN RAISE(ABORT, 'recipient: no dot right behind the @; a user at every subdomain is written user@*.example.com')
  WHEN 'parent_glob' THEN RAISE(ABORT, 'recipient: the form .example.com takes no * or ?; write a glob such as *.example.com or mx*.example.com')
  WHEN 'bytes' THEN RAISE(ABORT, 'recipient: a domain is made of letters, digits, - and _ in labels parted by dots, * and ? make it a glob; one pattern per rule, for example *.example.com')
  WHEN 'empty_label' THEN RAISE(ABORT, 'recipient: a domain has one dot between its labels and no empty label, for example mail.example.com; .example.com stands for all its subdomains')
  WHEN 'ulabel' THEN RAISE(ABORT, 'recipient: a label with * or ? in it is ASCII, other labels may be international; write for example *.xn--bcher-kva.example')
  WHEN 'hyphen' THEN RAISE(ABORT, 'recipient: a label of a domain does not start or end with -, for example my-bank.example.com')
  WHEN 'size' THEN RAISE(ABORT, 'recipient: a domain has at most 253 bytes and each label at most 63, for example mail.example.com')
  WHEN 'address' THEN RAISE(ABORT, 'recipient: a bare IP address or network is no pattern; write a next hop in brackets, for example [192.0.2.1] or [192.0.2.1]:25, or use column subnet, for example 192.0.2.0/24')
  WHEN 'literal' THEN RAISE(ABORT, 'recipient: in brackets stands an IP address, behind an @ also a user without * or ?, for example user@[192.0.2.1], user@[IPv6:2001:db8::1], or the next hop [2001:db8::1]:25')
  WHEN 'written' THEN RAISE(ABORT, 'recipient: [host], host:port and [host]:port are next hops and need direction out; for received mail write for example example.com')
  WHEN 'host' THEN RAISE(ABORT, 'recipient: a next hop is written [host], host:port or [host]:port without wildcards, for example [mx.example.com]:25')
  WHEN 'port' THEN RAISE(ABORT, 'recipient: the port of a next hop is a number from 1 to 65535 without leading zeros, for example [mx.example.com]:587')
  ELSE RAISE(ABORT, 'recipient: not a pattern; write for example *, user@example.com, example.com, .example.com, *@*.example.com or (direction out) [mx.example.com]:25')
  END;
END;

CREATE TRIGGER check_fault_subnet INSTEAD OF INSERT ON check_fault
WHEN NEW.fault IS NOT NULL AND NEW.col = 'subnet'
BEGIN
  SELECT CASE NEW.fault
  WHEN 'zone' THEN RAISE(ABORT, 'subnet: a zone such as %eth0 is not allowed; write the address alone, for example fe80::/10')
  WHEN 'bits' THEN RAISE(ABORT, 'subnet: behind the / stands a number of bits, 0 to 32 for IPv4 and 0 to 128 for IPv6, without leading zeros, for example 192.0.2.0/24; view subnet_masks translates netmasks')
  WHEN 'host_bits' THEN RAISE(ABORT, 'subnet: bits are set behind the prefix; write the first address of the network, for example 192.0.2.0/24 and not 192.0.2.7/24; tlswarden rule add shows the masked form, view subnet_masks the masks')
  ELSE RAISE(ABORT, 'subnet: write one IP address or ADDRESS/BITS, for example 192.0.2.1, 192.0.2.0/24, 2001:db8::/32; NULL is any peer; one network per rule, no name, no brackets, no leading zeros')
  END;
END;

CREATE TRIGGER check_fault_cert_name INSTEAD OF INSERT ON check_fault
WHEN NEW.fault IS NOT NULL AND NEW.col = 'cert_name'
BEGIN
  SELECT CASE NEW.fault
  WHEN 'text' THEN RAISE(ABORT, 'cert_name: holds a control character, an invisible blank or bytes that are not UTF-8; type the names anew, for example mx.example.com:.example.com')
  WHEN 'empty_word' THEN RAISE(ABORT, 'cert_name: an empty name; write names parted by single colons, for example mx.example.com:.example.com, or NULL for the default')
  WHEN 'long' THEN RAISE(ABORT, 'cert_name: at most 8192 bytes; write fewer names, for example .example.com for all hosts of a domain')
  WHEN 'glob' THEN RAISE(ABORT, 'cert_name: no * or ? with direction out; write .example.com for the hosts below a domain, or nexthop, .nexthop, hostname')
  WHEN 'keyword' THEN RAISE(ABORT, 'cert_name: nexthop, .nexthop and hostname have a meaning only with direction out; for a client certificate write its name, for example mx.example.com, .example.com or *Example Bank*')
  WHEN 'blank' THEN RAISE(ABORT, 'cert_name: no blank before or behind a name, for example mx.example.com:*Example Bank*')
  WHEN 'dot_nexthop' THEN RAISE(ABORT, 'cert_name: dot-nexthop is written .nexthop in this table, for example nexthop:.nexthop')
  ELSE RAISE(ABORT, 'cert_name: with direction out each name is nexthop, .nexthop, hostname, a host name or .domain, parted by colons, for example nexthop:mx.example.com:.example.com')
  END;
END;

CREATE TRIGGER check_fault_other INSTEAD OF INSERT ON check_fault
WHEN NEW.fault IS NOT NULL
 AND NEW.col NOT IN ('sender', 'recipient', 'subnet', 'cert_name')
BEGIN
  SELECT CASE NEW.col
  WHEN 'comment' THEN RAISE(ABORT, 'comment: one line of UTF-8 without control characters, at most 8192 bytes, for example ''asked for by the bank, ticket 4711''')
  WHEN 'ca.comment' THEN RAISE(ABORT, 'ca.comment: one line of UTF-8 without control characters, at most 8192 bytes, for example ''root of the bank, from its web page''')
  WHEN 'expires_at' THEN RAISE(ABORT, 'expires_at: write UTC as YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS], for example 2030-12-31 or 2030-12-31T18:00Z, or datetime(''now'', ''+4 hours''); NULL is never')
  WHEN 'cert_fingerprint' THEN RAISE(ABORT, 'cert_fingerprint: SHA-256 in 64 hex digits, all or none parted by colons after each byte, several parted by blanks; openssl x509 -in cert.pem -noout -fingerprint -sha256 shows for example 9A:6B:...:C4')
  ELSE RAISE(ABORT, 'tlswarden: a trigger named a column without sentences; this is a defect of policy.sql')
  END;
END;


-- check_text: one line of UTF-8. char(unicode(c)) differs from c only if c is
-- not well-formed. U+200C and U+200D are legal in some U-labels.

DROP VIEW IF EXISTS check_text;
CREATE VIEW check_text(col, text) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_text_do INSTEAD OF INSERT ON check_text
WHEN NEW.text GLOB '*[^ -~]*'
  OR length(CAST(NEW.text AS BLOB)) <> length(NEW.text)
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.col IN ('subnet', 'expires_at', 'cert_fingerprint')
         OR instr(NEW.text, char(0)) > 0
         OR NEW.text GLOB '*[' || char(1) || '-' || char(31)
                               || char(127) || '-' || char(159) || ']*'
         OR EXISTS (
              WITH RECURSIVE c(i, u) AS (
                SELECT 1, unicode(NEW.text)
                UNION ALL
                SELECT i + 1, unicode(substr(NEW.text, i + 1, 1)) FROM c
                WHERE i < length(NEW.text))
              SELECT 1 FROM c
              WHERE char(u) <> substr(NEW.text, i, 1)
                 OR (NEW.col IN ('sender', 'recipient', 'cert_name')
                     AND (u IN (0xa0, 0xad, 0x1680, 0x3000, 0xfeff)
                          OR u BETWEEN 0x2000 AND 0x200b
                          OR u BETWEEN 0x200e AND 0x200f
                          OR u BETWEEN 0x2028 AND 0x202f
                          OR u BETWEEN 0x205f AND 0x206f)))
    THEN 'text' END);
END;

-- check_texts: the text columns of a rule. joined is all of them in a row: most
-- rules are plain ASCII.

DROP VIEW IF EXISTS check_texts;
CREATE VIEW check_texts(sender, recipient, subnet, cert_name, cert_fingerprint,
                        expires_at, comment, joined) AS
  SELECT '', '', '', '', '', '', '', '' WHERE 0;

CREATE TRIGGER check_texts_do INSTEAD OF INSERT ON check_texts
WHEN NEW.joined GLOB '*[^ -~]*'
  OR length(CAST(NEW.joined AS BLOB)) <> length(NEW.joined)
BEGIN
  INSERT INTO check_text VALUES ('sender', NEW.sender);
  INSERT INTO check_text VALUES ('recipient', NEW.recipient);
  INSERT INTO check_text VALUES ('subnet', NEW.subnet);
  INSERT INTO check_text VALUES ('cert_name', NEW.cert_name);
  INSERT INTO check_text VALUES ('cert_fingerprint', NEW.cert_fingerprint);
  INSERT INTO check_text VALUES ('expires_at', NEW.expires_at);
  INSERT INTO check_text VALUES ('comment', NEW.comment);
END;


-- check_address: an IPv4 or IPv6 address, and bits, which is what stands behind
-- the '/' of a subnet, NULL without. In five steps:
--   check_tail    head is all up to the last colon, tail what is behind it
--   check_octets  a dotted tail as a JSON array, since a JSON number has no
--                 leading zeros either; it becomes two groups; IPv4 goes on
--                 as ::ffff:a.b.c.d with base 96, to be added to its bits
--   check_groups  writes out '::', which stands once for one or more groups
--                 of zero (RFC 4291 2.2): of what eight groups lack
--   check_eight   groups of one to four hex digits
--   check_prefix  32 hex digits; no bit behind the prefix is set

DROP VIEW IF EXISTS check_address;
CREATE VIEW check_address(col, address, bits) AS SELECT '', '', '' WHERE 0;
DROP VIEW IF EXISTS check_tail;
CREATE VIEW check_tail(col, head, tail, bits) AS
  SELECT '', '', '', '' WHERE 0;
DROP VIEW IF EXISTS check_octets;
CREATE VIEW check_octets(col, head, octets, bits) AS
  SELECT '', '', '', '' WHERE 0;
DROP VIEW IF EXISTS check_groups;
CREATE VIEW check_groups(col, groups, base, bits) AS
  SELECT '', '', 0, '' WHERE 0;
DROP VIEW IF EXISTS check_eight;
CREATE VIEW check_eight(col, groups, base, bits) AS
  SELECT '', '', 0, '' WHERE 0;
DROP VIEW IF EXISTS check_prefix;
CREATE VIEW check_prefix(col, hex, base, bits) AS
  SELECT '', '', 0, '' WHERE 0;

CREATE TRIGGER check_address_do INSTEAD OF INSERT ON check_address
WHEN NEW.address IS NOT NULL
BEGIN
  INSERT INTO check_tail VALUES (
    NEW.col, rtrim(NEW.address, replace(NEW.address, ':', '')),
    replace(NEW.address, rtrim(NEW.address, replace(NEW.address, ':', '')), ''),
    NEW.bits);
END;

CREATE TRIGGER check_tail_plain INSTEAD OF INSERT ON check_tail
WHEN NEW.tail NOT GLOB '*.*'
BEGIN
  INSERT INTO check_groups
  VALUES (NEW.col, NEW.head || NEW.tail, 0, NEW.bits);
END;

CREATE TRIGGER check_tail_dotted INSTEAD OF INSERT ON check_tail
WHEN NEW.tail GLOB '*.*'
BEGIN
  INSERT INTO check_fault VALUES (
    NEW.col, CASE WHEN NEW.tail GLOB '*[^0-9.]*' THEN 'literal' END);
  INSERT INTO check_octets VALUES (
    NEW.col, NEW.head, '[' || replace(NEW.tail, '.', ',') || ']', NEW.bits);
END;

CREATE TRIGGER check_octets_do INSTEAD OF INSERT ON check_octets
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NOT json_valid(NEW.octets) THEN 'literal'
    WHEN json_array_length(NEW.octets) <> 4 THEN 'literal'
    WHEN (SELECT max(value) FROM json_each(NEW.octets)) > 255 THEN 'literal'
    END);
  INSERT INTO check_groups VALUES (
    NEW.col,
    CASE NEW.head WHEN '' THEN '::ffff:' ELSE NEW.head END
    || printf('%02x%02x:%02x%02x', json_extract(NEW.octets, '$[0]'),
              json_extract(NEW.octets, '$[1]'),
              json_extract(NEW.octets, '$[2]'),
              json_extract(NEW.octets, '$[3]')),
    CASE NEW.head WHEN '' THEN 96 ELSE 0 END, NEW.bits);
END;

CREATE TRIGGER check_groups_do INSTEAD OF INSERT ON check_groups
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN length(NEW.groups) > 45 OR NEW.groups GLOB '*[^0-9a-fA-F:]*'
         OR NEW.groups GLOB '*:::*' OR NEW.groups GLOB '*::*::*'
         OR NEW.groups GLOB ':[^:]*' OR NEW.groups GLOB '*[^:]:'
    THEN 'literal' END);
  INSERT INTO check_eight VALUES (
    NEW.col,
    trim(replace(NEW.groups, '::',
                 ':' || substr('0:0:0:0:0:0:0:0', 1,
                               max(1, 2 * (10 - (NEW.groups NOT GLOB '::*')
                                              - (NEW.groups NOT GLOB '*::')
                                              - length(NEW.groups)
                                              + length(replace(NEW.groups,
                                                               ':', '')))
                                      - 1)) || ':'), ':'),
    NEW.base, NEW.bits);
END;

CREATE TRIGGER check_eight_do INSTEAD OF INSERT ON check_eight
BEGIN
  INSERT INTO check_prefix VALUES (
    NEW.col,
    (SELECT CASE WHEN count(*) = 8 AND max(length(value)) < 5
            THEN group_concat(substr('000' || lower(value), -4), '') END
     FROM (SELECT value
           FROM json_each('["' || replace(NEW.groups, ':', '","') || '"]')
           ORDER BY key)),
    NEW.base, NEW.bits);
END;

CREATE TRIGGER check_prefix_do INSTEAD OF INSERT ON check_prefix
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.hex IS NULL THEN 'literal'
    WHEN NEW.bits IS NULL THEN NULL
    WHEN NEW.bits NOT GLOB '[0-9]*' OR NEW.bits GLOB '*[^0-9]*'
         OR NEW.bits GLOB '0?*' OR length(NEW.bits) > 3
         OR NEW.base + NEW.bits > 128
    THEN 'bits'
    WHEN substr(NEW.hex, (NEW.base + NEW.bits + 3) / 4 + 1) GLOB '*[^0]*'
         OR CASE (NEW.base + NEW.bits) % 4
            WHEN 0 THEN 0
            ELSE instr(CASE (NEW.base + NEW.bits) % 4 WHEN 1 THEN '08'
                       WHEN 2 THEN '048c' ELSE '02468ace' END,
                       substr(NEW.hex, (NEW.base + NEW.bits) / 4 + 1, 1)) = 0
            END
    THEN 'host_bits'
    END);
END;

-- check_subnet: ADDRESS or ADDRESS/BITS.

DROP VIEW IF EXISTS check_subnet;
CREATE VIEW check_subnet(subnet) AS SELECT '' WHERE 0;

CREATE TRIGGER check_subnet_do INSTEAD OF INSERT ON check_subnet
WHEN NEW.subnet IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES (
    'subnet', CASE WHEN NEW.subnet GLOB '*[%]*' THEN 'zone' END);
  INSERT INTO check_address VALUES (
    'subnet',
    CASE WHEN NEW.subnet GLOB '*/*'
         THEN substr(NEW.subnet, 1, instr(NEW.subnet, '/') - 1)
         ELSE NEW.subnet END,
    CASE WHEN NEW.subnet GLOB '*/*'
         THEN substr(NEW.subnet, instr(NEW.subnet, '/') + 1) END);
END;

-- check_domain: labels, without a dot behind the last one; wildcards are
-- allowed here. A label longer than 63 bytes needs a text that is.

DROP VIEW IF EXISTS check_domain;
CREATE VIEW check_domain(col, domain) AS SELECT '', '' WHERE 0;
DROP VIEW IF EXISTS check_labels;
CREATE VIEW check_labels(col, labels) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_domain_do INSTEAD OF INSERT ON check_domain
WHEN NEW.domain IS NOT NULL
BEGIN
  INSERT INTO check_labels VALUES (
    NEW.col, CASE WHEN NEW.domain GLOB '*.'
             THEN substr(NEW.domain, 1, length(NEW.domain) - 1)
             ELSE NEW.domain END);
END;

CREATE TRIGGER check_labels_do INSTEAD OF INSERT ON check_labels
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.labels GLOB '*[^-a-zA-Z0-9._*?' || char(128) || '-'
                         || char(1114111) || ']*'
    THEN 'bytes'
    WHEN NEW.labels = '' OR NEW.labels GLOB '.*' OR NEW.labels GLOB '*.'
         OR NEW.labels GLOB '*..*'
    THEN 'empty_label'
    WHEN NEW.labels GLOB '-*' OR NEW.labels GLOB '*-'
         OR NEW.labels GLOB '*.-*' OR NEW.labels GLOB '*-.*'
    THEN 'hyphen'
    WHEN NEW.labels GLOB '*[0-9]'
         AND '.' || rtrim(NEW.labels, '0123456789') GLOB '*.'
    THEN 'address'
    WHEN NEW.labels GLOB '*[^ -~]*'
    THEN CASE WHEN NEW.labels GLOB '*[*?]*' AND EXISTS (
           SELECT 1 FROM json_each('["' || replace(NEW.labels, '.', '","')
                                   || '"]')
           WHERE value GLOB '*[^ -~]*' AND value GLOB '*[*?]*')
         THEN 'ulabel' END
    WHEN length(NEW.labels) < 64 THEN NULL
    WHEN length(NEW.labels) > 253
         OR (SELECT max(length(value)) FROM
             json_each('["' || replace(NEW.labels, '.', '","') || '"]')) > 63
    THEN 'size'
    END);
END;

-- check_literal: the text inside the brackets of user@[address] (tagged: IPv6
-- only with "IPv6:" in front, RFC 5321 4.1.3) and of [address] as a next hop.

DROP VIEW IF EXISTS check_literal;
CREATE VIEW check_literal(col, text, tagged) AS SELECT '', '', 0 WHERE 0;

CREATE TRIGGER check_literal_do INSTEAD OF INSERT ON check_literal
WHEN NEW.text IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.text GLOB '[iI][pP][vV]6:*'
    THEN CASE WHEN substr(NEW.text, 6) NOT GLOB '*:*' THEN 'literal' END
    WHEN NEW.tagged AND NEW.text GLOB '*:*' THEN 'literal'
    END);
  INSERT INTO check_address VALUES (
    NEW.col,
    CASE WHEN NEW.text GLOB '[iI][pP][vV]6:*' THEN substr(NEW.text, 6)
         ELSE NEW.text END,
    NULL);
END;

-- check_user: what stands before the last '@'. Of a quoted string, when the
-- pairs \\ and \" are taken out, no '"' is left, and no '\' at the end.

DROP VIEW IF EXISTS check_user;
CREATE VIEW check_user(col, user) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_user_do INSTEAD OF INSERT ON check_user
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.user = '' THEN 'no_user'
    WHEN NEW.user GLOB '"*'
    THEN CASE WHEN NEW.user NOT GLOB '"*"'
                   OR replace(replace(
                        substr(NEW.user, 2, length(NEW.user) - 2),
                        '\\', ''), '\"', '') GLOB '*["\]*'
         THEN 'quote' END
    WHEN NEW.user GLOB '*"*' THEN 'quote'
    WHEN NEW.user GLOB '*@*' THEN 'two_at'
    WHEN NEW.user GLOB '* *' THEN 'blank'
    WHEN NEW.user GLOB '*[<>]*' THEN 'angle'
    END);
END;

-- check_nexthop: [host], host:port, [host]:port. cut is where the host ends;
-- of check_host, tail is what stands behind it: nothing, or colon and port.

DROP VIEW IF EXISTS check_nexthop;
CREATE VIEW check_nexthop(col, text, brackets, cut) AS
  SELECT '', '', 0, 0 WHERE 0;
DROP VIEW IF EXISTS check_host;
CREATE VIEW check_host(col, brackets, host, tail) AS
  SELECT '', 0, '', '' WHERE 0;

CREATE TRIGGER check_nexthop_do INSTEAD OF INSERT ON check_nexthop
WHEN NEW.text IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.text GLOB '*[*?]*' OR NEW.text GLOB ':*'
         OR CASE WHEN NEW.brackets THEN NEW.text NOT GLOB '[[]?*[]]*'
            ELSE NEW.text GLOB '*:*:*' END
    THEN 'host' END);
  INSERT INTO check_host VALUES (
    NEW.col, NEW.brackets,
    substr(NEW.text, 1 + NEW.brackets, NEW.cut - 1 - NEW.brackets),
    substr(NEW.text, NEW.cut + NEW.brackets));
END;

CREATE TRIGGER check_host_do INSTEAD OF INSERT ON check_host
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.tail = '' THEN NULL
    WHEN NEW.tail NOT GLOB ':*' THEN 'host'
    WHEN NEW.tail NOT GLOB ':[1-9]*' OR substr(NEW.tail, 2) GLOB '*[^0-9]*'
         OR length(NEW.tail) > 6 OR substr(NEW.tail, 2) + 0 > 65535
    THEN 'port' END);
  INSERT INTO check_literal VALUES (
    NEW.col, CASE WHEN NEW.brackets AND (NEW.host GLOB '*:*'
                                         OR NEW.host NOT GLOB '*[^0-9.]*')
             THEN NEW.host END, 0);
  INSERT INTO check_domain VALUES (
    NEW.col, CASE WHEN NEW.brackets AND (NEW.host GLOB '*:*'
                                         OR NEW.host NOT GLOB '*[^0-9.]*')
             THEN NULL ELSE NEW.host END);
END;

-- check_pattern: finds the form, as defined at the top. The WHEN lets common
-- patterns pass at once: *, and domains of letters, digits, single dots and
-- hyphens that start and end with a letter. head is everything up to the last
-- '@', tail what is behind it.

DROP VIEW IF EXISTS check_pattern;
CREATE VIEW check_pattern(col, direction, pattern) AS
  SELECT '', '', '' WHERE 0;
DROP VIEW IF EXISTS check_address_pattern;
CREATE VIEW check_address_pattern(col, head, tail) AS
  SELECT '', '', '' WHERE 0;
DROP VIEW IF EXISTS check_domain_pattern;
CREATE VIEW check_domain_pattern(col, direction, pattern, form) AS
  SELECT '', '', '', '' WHERE 0;

CREATE TRIGGER check_pattern_do INSTEAD OF INSERT ON check_pattern
WHEN NEW.pattern <> '*'
 AND NOT (NEW.pattern GLOB '[a-z]*[a-z]'
          AND NEW.pattern NOT GLOB '*[^-a-z0-9.]*'
          AND NEW.pattern NOT GLOB '*[-.][-.]*'
          AND length(NEW.pattern) < 64)
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.pattern = '' THEN 'empty'
    WHEN length(CAST(NEW.pattern AS BLOB)) > 512 THEN 'long'
    WHEN NEW.pattern = '<>' AND NEW.col = 'recipient' THEN 'null'
    END);
  INSERT INTO check_address_pattern VALUES (
    NEW.col, rtrim(NEW.pattern, replace(NEW.pattern, '@', '')),
    replace(NEW.pattern, rtrim(NEW.pattern, replace(NEW.pattern, '@', '')),
            ''));
  INSERT INTO check_domain_pattern VALUES (
    NEW.col, NEW.direction, NEW.pattern,
    CASE
    WHEN NEW.pattern = '<>' OR NEW.pattern GLOB '*@*' THEN NULL
    WHEN NEW.pattern GLOB '[0-9]*' AND NEW.pattern NOT GLOB '*[^0-9./*?]*'
         AND (NEW.pattern NOT GLOB '*[*?]*' OR NEW.pattern GLOB '*.*.*')
         OR NEW.pattern GLOB '*:*:*'
         AND NEW.pattern NOT GLOB '*[^0-9a-fA-F:./]*'
    THEN 'network'
    WHEN NEW.pattern GLOB '[[]*' OR NEW.pattern GLOB '*:*' THEN 'nexthop'
    WHEN NEW.pattern GLOB '.*' THEN 'parent'
    ELSE 'domain'
    END);
END;

CREATE TRIGGER check_address_pattern_do
INSTEAD OF INSERT ON check_address_pattern
WHEN NEW.head <> ''
BEGIN
  INSERT INTO check_user
  VALUES (NEW.col, substr(NEW.head, 1, length(NEW.head) - 1));
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.tail = '' THEN 'no_domain'
    WHEN NEW.tail GLOB '* *' THEN 'blank'
    WHEN NEW.tail GLOB '*[<>]*' THEN 'angle'
    WHEN NEW.tail GLOB '.*' THEN 'user_parent'
    WHEN NEW.tail GLOB '[[]*'
         AND (NEW.tail NOT GLOB '[[]*[]]' OR NEW.head GLOB '*[*?]*')
    THEN 'literal'
    END);
  INSERT INTO check_literal VALUES (
    NEW.col, CASE WHEN NEW.tail GLOB '[[]*'
             THEN substr(NEW.tail, 2, length(NEW.tail) - 2) END, 1);
  INSERT INTO check_domain
  VALUES (NEW.col, CASE WHEN NEW.tail NOT GLOB '[[]*' THEN NEW.tail END);
END;

CREATE TRIGGER check_domain_pattern_do
INSTEAD OF INSERT ON check_domain_pattern
WHEN NEW.form IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.pattern GLOB '* *' THEN 'blank'
    WHEN NEW.pattern GLOB '*[<>]*' THEN 'angle'
    WHEN NEW.form = 'network' THEN 'address'
    WHEN NEW.form = 'nexthop'
         AND (NEW.col = 'sender' OR NEW.direction <> 'out') THEN 'written'
    WHEN NEW.form = 'parent' AND NEW.pattern GLOB '*[*?]*' THEN 'parent_glob'
    END);
  INSERT INTO check_nexthop VALUES (
    NEW.col, CASE NEW.form WHEN 'nexthop' THEN NEW.pattern END,
    NEW.pattern GLOB '[[]*',
    instr(NEW.pattern, CASE WHEN NEW.pattern GLOB '[[]*' THEN ']'
                       ELSE ':' END));
  INSERT INTO check_domain
  VALUES (NEW.col, CASE NEW.form WHEN 'domain' THEN NEW.pattern
                   WHEN 'parent' THEN substr(NEW.pattern, 2) END);
END;

-- check_cert_name: words parted by colons. Outbound they go into Postfix's
-- match=, so they are its keywords, host names or .domains.

DROP VIEW IF EXISTS check_cert_name;
CREATE VIEW check_cert_name(direction, words) AS SELECT '', '' WHERE 0;
DROP VIEW IF EXISTS check_cert_word;
CREATE VIEW check_cert_word(direction, word) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_cert_name_do INSTEAD OF INSERT ON check_cert_name
WHEN NEW.words IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES (
    'cert_name',
    CASE WHEN length(CAST(NEW.words AS BLOB)) > 8192 THEN 'long' END);
  INSERT INTO check_cert_word
  SELECT NEW.direction, value
  FROM json_each('[' || replace(json_quote(NEW.words), ':', '","') || ']');
END;

CREATE TRIGGER check_cert_word_do INSTEAD OF INSERT ON check_cert_word
BEGIN
  INSERT INTO check_fault VALUES ('cert_name', CASE
    WHEN trim(NEW.word) = '' THEN 'empty_word'
    WHEN trim(NEW.word) <> NEW.word THEN 'blank'
    WHEN NEW.direction = 'in'
    THEN CASE WHEN lower(NEW.word) IN ('nexthop', '.nexthop', 'dot-nexthop',
                                       'hostname')
         THEN 'keyword' END
    WHEN lower(NEW.word) = 'dot-nexthop' THEN 'dot_nexthop'
    WHEN NEW.word GLOB '*[*?]*' THEN 'glob'
    WHEN NEW.word GLOB '*.' THEN 'form'
    END);
  INSERT INTO check_domain VALUES (
    'cert_name', CASE NEW.direction WHEN 'out'
                 THEN ltrim(substr(NEW.word, 1, 1), '.')
                      || substr(NEW.word, 2) END);
END;

-- check_fingerprints: 64 digits and 31 colons without three digits in a row
-- can only be 32 pairs.

DROP VIEW IF EXISTS check_fingerprints;
CREATE VIEW check_fingerprints(words) AS SELECT '' WHERE 0;

CREATE TRIGGER check_fingerprints_do INSTEAD OF INSERT ON check_fingerprints
WHEN NEW.words IS NOT NULL
BEGIN
  INSERT INTO check_fault VALUES ('cert_fingerprint', CASE
    WHEN NEW.words GLOB '*[^0-9a-fA-F: ]*' OR length(NEW.words) > 8192
         OR NEW.words <> trim(NEW.words) OR NEW.words = ''
    THEN 'form'
    WHEN EXISTS (
      SELECT 1
      FROM json_each('["' || replace(NEW.words, ' ', '","') || '"]')
      WHERE value <> ''
        AND (length(replace(value, ':', '')) <> 64
             OR length(value) <> 64
             AND (length(value) <> 95 OR value GLOB '*[^:][^:][^:]*')))
    THEN 'form' END);
END;

-- check_time: clock is the text without its 'Z' and with a blank for the 'T';
-- what SQLite makes of it must be the same day and minute again: there is no
-- 31 February. (Without '+0 days' it prints what it was given.)

DROP VIEW IF EXISTS check_time;
CREATE VIEW check_time(col, time) AS SELECT '', '' WHERE 0;
DROP VIEW IF EXISTS check_clock;
CREATE VIEW check_clock(col, clock) AS SELECT '', '' WHERE 0;

CREATE TRIGGER check_time_do INSTEAD OF INSERT ON check_time
WHEN NEW.time IS NOT NULL
BEGIN
  INSERT INTO check_clock VALUES (
    NEW.col, CASE WHEN NEW.time GLOB '????-??-??[T ]*'
             THEN substr(NEW.time, 1, 10) || ' '
                  || substr(NEW.time, 12, length(NEW.time) - 11
                                          - (NEW.time GLOB '*Z'))
             ELSE NEW.time END);
END;

CREATE TRIGGER check_clock_do INSTEAD OF INSERT ON check_clock
BEGIN
  INSERT INTO check_fault VALUES (NEW.col, CASE
    WHEN NEW.clock NOT GLOB '19[7-9]*' AND NEW.clock NOT GLOB '[2-9]*'
    THEN 'form'
    WHEN NEW.clock GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
    THEN CASE WHEN date(NEW.clock, '+0 days') IS NOT NEW.clock
         THEN 'form' END
    WHEN NEW.clock GLOB '????-??-?? [0-9][0-9]:[0-9][0-9]'
         OR NEW.clock GLOB '????-??-?? [0-9][0-9]:[0-9][0-9]:[0-5][0-9]'
    THEN CASE WHEN substr(datetime(NEW.clock, '+0 days'), 1, 16)
                   IS NOT substr(NEW.clock, 1, 16) THEN 'form' END
    ELSE 'form' END);
END;


-- check_rule: a whole row of policy, called before each INSERT and UPDATE.

DROP VIEW IF EXISTS check_rule;
CREATE VIEW check_rule AS SELECT * FROM policy WHERE 0;

CREATE TRIGGER check_rule_do INSTEAD OF INSERT ON check_rule
BEGIN
  SELECT CASE
  WHEN NEW.enabled IS NULL OR NEW.enabled NOT IN (0, 1)
  THEN RAISE(ABORT, 'enabled: 1 (the rule counts) or 0 (it does not)')
  WHEN NEW.priority IS NULL
       OR NEW.priority NOT BETWEEN -2147483648 AND 2147483647
  THEN RAISE(ABORT, 'priority: a whole number from -2147483648 to 2147483647, the lowest wins, for example 100')
  WHEN NEW.direction IS NULL OR NEW.direction NOT IN ('in', 'out')
  THEN RAISE(ABORT, 'direction: ''in'' (mail that we receive) or ''out'' (mail that we deliver)')
  WHEN NEW.sender IS NULL
  THEN RAISE(ABORT, 'sender: a pattern, not NULL; * is any sender')
  WHEN NEW.recipient IS NULL
  THEN RAISE(ABORT, 'recipient: a pattern, not NULL; * is any recipient')
  WHEN CASE NEW.level WHEN 'none' THEN 0 WHEN 'preferred' THEN 0
       WHEN 'encrypt' THEN 0 WHEN 'secure' THEN 0 ELSE 1 END
  THEN RAISE(ABORT, 'level: ''none'' (no TLS), ''preferred'' (TLS if offered), ''encrypt'' (TLS or refuse) or ''secure'' (TLS with a verified certificate or refuse)')
  WHEN NEW.on_failure IS NULL OR NEW.on_failure NOT IN ('tempfail', 'fail')
  THEN RAISE(ABORT, 'on_failure: ''tempfail'' (defer, try again) or ''fail'' (refuse for good)')
  WHEN NEW.mode IS NULL OR NEW.mode NOT IN ('enforce', 'monitor')
  THEN RAISE(ABORT, 'mode: ''enforce'' or ''monitor'' (only keep a ledger of what it would refuse)')
  WHEN NEW.comment IS NULL
  THEN RAISE(ABORT, 'comment: not NULL; leave it out or write ''''')
  WHEN NEW.min_protocol NOT GLOB 'TLSv1.[123]' AND NEW.min_protocol <> 'TLSv1'
       OR length(CAST(NEW.min_protocol AS BLOB)) > 7
  THEN RAISE(ABORT, 'min_protocol: ''TLSv1'', ''TLSv1.1'', ''TLSv1.2'' or ''TLSv1.3'', spelled so, or NULL for any')
  WHEN NEW.min_bits NOT BETWEEN 1 AND 256
  THEN RAISE(ABORT, 'min_bits: strength of the cipher, 1 to 256 bits, for example 128, or NULL for any')
  WHEN NEW.min_protocol IS NOT NULL AND NEW.level NOT IN ('encrypt', 'secure')
  THEN RAISE(ABORT, 'min_protocol: only with level ''encrypt'' or ''secure'', the others accept mail without TLS; set level or leave min_protocol NULL')
  WHEN NEW.min_bits IS NOT NULL AND NEW.level NOT IN ('encrypt', 'secure')
  THEN RAISE(ABORT, 'min_bits: only with level ''encrypt'' or ''secure'', the others accept mail without TLS; set level or leave min_bits NULL')
  WHEN NEW.ca IS NOT NULL AND NEW.level <> 'secure'
  THEN RAISE(ABORT, 'ca: only with level ''secure'', the others verify no certificate; set level or leave ca NULL')
  WHEN NEW.cert_name IS NOT NULL AND NEW.level <> 'secure'
  THEN RAISE(ABORT, 'cert_name: only with level ''secure'', the others verify no certificate; set level or leave cert_name NULL')
  WHEN NEW.cert_fingerprint IS NOT NULL
       AND NEW.level NOT IN ('encrypt', 'secure')
  THEN RAISE(ABORT, 'cert_fingerprint: only with level ''encrypt'' (the pin alone decides) or ''secure'' (pin and chain); set level or leave cert_fingerprint NULL')
  WHEN NEW.ca IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ca WHERE name = NEW.ca)
  THEN RAISE(ABORT, 'ca: no row of that name in table ca; add it first, for example INSERT INTO ca(name, pem) VALUES(''bank'', CAST(readfile(''bank.pem'') AS TEXT))')
  WHEN substr(NEW.expires_at, 11) GLOB '*[-+]*'
  THEN RAISE(ABORT, 'expires_at: offsets such as +02:00 are not allowed, write UTC, for example 2030-12-31 16:00 or 2030-12-31T16:00Z')
  WHEN length(CAST(NEW.comment AS BLOB)) > 8192
  THEN RAISE(ABORT, 'comment: at most 8192 bytes, for example ''asked for by the bank, ticket 4711''')
  END;
  INSERT INTO check_texts VALUES (
    NEW.sender, NEW.recipient, NEW.subnet, NEW.cert_name, NEW.cert_fingerprint,
    NEW.expires_at, NEW.comment,
    NEW.sender || NEW.recipient || coalesce(NEW.subnet, '')
    || coalesce(NEW.cert_name, '') || coalesce(NEW.cert_fingerprint, '')
    || coalesce(NEW.expires_at, '') || NEW.comment);
  INSERT INTO check_pattern VALUES ('sender', NEW.direction, NEW.sender);
  INSERT INTO check_pattern VALUES ('recipient', NEW.direction, NEW.recipient);
  INSERT INTO check_subnet VALUES (NEW.subnet);
  INSERT INTO check_cert_name VALUES (NEW.direction, NEW.cert_name);
  INSERT INTO check_fingerprints VALUES (NEW.cert_fingerprint);
  INSERT INTO check_time VALUES ('expires_at', NEW.expires_at);
END;

-- check_ca: a whole row of ca.

DROP VIEW IF EXISTS check_ca;
CREATE VIEW check_ca AS SELECT * FROM ca WHERE 0;

CREATE TRIGGER check_ca_do INSTEAD OF INSERT ON check_ca
BEGIN
  SELECT CASE
  WHEN NEW.name IS NULL OR NEW.name = '' OR NEW.name GLOB '.*'
       OR NEW.name GLOB '*[^-a-zA-Z0-9._]*'
       OR length(CAST(NEW.name AS BLOB)) > 64
       OR length(CAST(NEW.name AS BLOB)) <> length(NEW.name)
  THEN RAISE(ABORT, 'ca.name: 1 to 64 letters, digits, . _ and -, no dot in front, for example bank-root-2024')
  WHEN NEW.pem IS NULL
  THEN RAISE(ABORT, 'ca.pem: certificates in PEM, not NULL; readfile() gives NULL for a file that it cannot read, for example one named relative to another directory')
  WHEN typeof(NEW.pem) <> 'text'
  THEN RAISE(ABORT, 'ca.pem: text; for a file write CAST(readfile(''bank.pem'') AS TEXT), for a DER file first openssl x509 -inform DER -in bank.crt -out bank.pem')
  WHEN NEW.pem GLOB '*PRIVATE KEY*'
  THEN RAISE(ABORT, 'ca.pem: this holds a private key; only the certificates of a CA belong here, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----')
  WHEN NEW.pem NOT GLOB '*-----BEGIN CERTIFICATE-----*-----END CERTIFICATE-----*'
       OR instr(NEW.pem, char(0)) > 0
  THEN RAISE(ABORT, 'ca.pem: one or more certificates in PEM, each from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; openssl x509 -inform DER converts DER')
  WHEN length(CAST(NEW.pem AS BLOB)) > 4194304
  THEN RAISE(ABORT, 'ca.pem: at most 4194304 bytes; name only the CAs of this partner, not a whole trust store, for example its root and intermediates')
  WHEN NEW.comment IS NULL
  THEN RAISE(ABORT, 'ca.comment: not NULL; leave it out or write ''''')
  WHEN length(CAST(NEW.comment AS BLOB)) > 8192
  THEN RAISE(ABORT, 'ca.comment: at most 8192 bytes, for example ''root of the bank, from its web page''')
  WHEN NEW.added_at IS NULL
       OR NEW.added_at NOT GLOB '[2-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*'
       OR length(CAST(NEW.added_at AS BLOB)) > 20
  THEN RAISE(ABORT, 'ca.added_at: leave it out, the time of the INSERT is put in; else for example 2024-05-31 or 2024-05-31T12:00:00Z')
  END;
  INSERT INTO check_text VALUES ('ca.comment', NEW.comment);
END;


-- Audit. A row overwritten by OR REPLACE fires no delete trigger, so BEFORE
-- triggers put it into audit_pending and AFTER triggers, which run only if the
-- row was really written, take it from there.

DROP VIEW IF EXISTS policy_json;
CREATE VIEW policy_json(id, json) AS
  SELECT id, json_object(
           'id', id, 'enabled', enabled, 'priority', priority,
           'direction', direction, 'sender', sender, 'recipient', recipient,
           'subnet', subnet, 'level', level, 'on_failure', on_failure,
           'ca', ca, 'cert_name', cert_name,
           'cert_fingerprint', cert_fingerprint,
           'min_protocol', min_protocol, 'min_bits', min_bits,
           'mode', mode, 'expires_at', expires_at, 'comment', comment)
  FROM policy;

DROP VIEW IF EXISTS ca_json;
CREATE VIEW ca_json(name, json) AS
  SELECT name, json_object('name', name, 'pem', pem, 'comment', comment,
                           'added_at', added_at)
  FROM ca;

DROP TRIGGER IF EXISTS audit_before_update;
CREATE TRIGGER audit_before_update BEFORE UPDATE ON audit
WHEN OLD.actor IS NOT NULL OR NEW.actor IS NULL OR NEW.id <> OLD.id
  OR (NEW.at, NEW.tbl, NEW.op, NEW.key) <> (OLD.at, OLD.tbl, OLD.op, OLD.key)
  OR NEW.before IS NOT OLD.before OR NEW.after IS NOT OLD.after
BEGIN
  SELECT RAISE(ABORT, 'audit: rows are never changed; only an actor that is NULL can be put in, for example UPDATE audit SET actor = ''eve'' WHERE id = 7');
END;

DROP TRIGGER IF EXISTS audit_before_delete;
CREATE TRIGGER audit_before_delete BEFORE DELETE ON audit
WHEN OLD.at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 year')
BEGIN
  SELECT RAISE(ABORT, 'audit: rows are kept for a year; older ones can be deleted, for example DELETE FROM audit WHERE at < date(''now'', ''-2 years'')');
END;


-- Triggers of policy. In a BEFORE INSERT trigger NEW.id is -1 as long as
-- SQLite is to choose it.

DROP TRIGGER IF EXISTS policy_before_insert;
CREATE TRIGGER policy_before_insert BEFORE INSERT ON policy
BEGIN
  SELECT CASE
  WHEN NEW.id IS NULL OR NEW.id = -1 THEN NULL
  WHEN NEW.id NOT BETWEEN 1 AND 2147483647
  THEN RAISE(ABORT, 'id: from 1 to 2147483647; leave it out and the next free number is taken')
  WHEN NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'policy')
       AND NOT EXISTS (SELECT 1 FROM policy WHERE id = NEW.id)
  THEN RAISE(ABORT, 'id: that number or a higher one was in use before, and old bounces and logs name it; leave id out and the next free number is taken')
  END;
  INSERT INTO check_rule
  VALUES (NEW.id, NEW.enabled, NEW.priority, NEW.direction, NEW.sender,
          NEW.recipient, NEW.subnet, NEW.level, NEW.on_failure, NEW.ca,
          NEW.cert_name, NEW.cert_fingerprint, NEW.min_protocol, NEW.min_bits,
          NEW.mode, NEW.expires_at, NEW.comment);
  DELETE FROM audit_pending;
  INSERT INTO audit_pending
  SELECT 'policy', id, json FROM policy_json WHERE id = NEW.id;
END;

DROP TRIGGER IF EXISTS policy_after_insert;
CREATE TRIGGER policy_after_insert AFTER INSERT ON policy
BEGIN
  SELECT RAISE(ABORT, 'id: from 1 to 2147483647; leave it out and the next free number is taken')
  WHERE NEW.id < 1;
  INSERT INTO audit(tbl, op, key, before)
  SELECT tbl, 'delete', key, before FROM audit_pending;
  INSERT INTO audit(tbl, op, key, after)
  SELECT 'policy', 'insert', id, json FROM policy_json WHERE id = NEW.id;
  DELETE FROM audit_pending;
END;

DROP TRIGGER IF EXISTS policy_before_update;
CREATE TRIGGER policy_before_update BEFORE UPDATE ON policy
BEGIN
  SELECT RAISE(ABORT, 'id: the number of a rule never changes, old bounces and logs name it; insert a new rule and delete this one')
  WHERE NEW.id IS NOT OLD.id;
  INSERT INTO check_rule
  VALUES (NEW.id, NEW.enabled, NEW.priority, NEW.direction, NEW.sender,
          NEW.recipient, NEW.subnet, NEW.level, NEW.on_failure, NEW.ca,
          NEW.cert_name, NEW.cert_fingerprint, NEW.min_protocol, NEW.min_bits,
          NEW.mode, NEW.expires_at, NEW.comment);
  DELETE FROM audit_pending;
  INSERT INTO audit_pending
  SELECT 'policy', id, json FROM policy_json WHERE id = OLD.id;
END;

DROP TRIGGER IF EXISTS policy_after_update;
CREATE TRIGGER policy_after_update AFTER UPDATE ON policy
BEGIN
  INSERT INTO audit(tbl, op, key, before, after)
  SELECT p.tbl, 'update', p.key, p.before, j.json
  FROM audit_pending p, policy_json j
  WHERE j.id = NEW.id;
  DELETE FROM audit_pending;
END;

DROP TRIGGER IF EXISTS policy_before_delete;
CREATE TRIGGER policy_before_delete BEFORE DELETE ON policy
BEGIN
  INSERT INTO audit(tbl, op, key, before)
  SELECT 'policy', 'delete', id, json FROM policy_json WHERE id = OLD.id;
  DELETE FROM audit_pending;
END;


-- Triggers of ca. Foreign keys are off in the shell, so triggers hold both
-- ends: check_rule that a rule names a row, these that the row stays.

DROP TRIGGER IF EXISTS ca_before_insert;
CREATE TRIGGER ca_before_insert BEFORE INSERT ON ca
BEGIN
  INSERT INTO check_ca VALUES (NEW.name, NEW.pem, NEW.comment, NEW.added_at);
  DELETE FROM audit_pending;
  INSERT INTO audit_pending
  SELECT 'ca', name, json FROM ca_json WHERE name = NEW.name;
END;

DROP TRIGGER IF EXISTS ca_after_insert;
CREATE TRIGGER ca_after_insert AFTER INSERT ON ca
BEGIN
  INSERT INTO audit(tbl, op, key, before)
  SELECT tbl, 'delete', key, before FROM audit_pending;
  INSERT INTO audit(tbl, op, key, after)
  SELECT 'ca', 'insert', name, json FROM ca_json WHERE name = NEW.name;
  DELETE FROM audit_pending;
END;

-- UPDATE OR REPLACE may give a row the name of another and so delete that one.
DROP TRIGGER IF EXISTS ca_before_update;
CREATE TRIGGER ca_before_update BEFORE UPDATE ON ca
BEGIN
  SELECT RAISE(ABORT, 'ca.name: rules name this CA; add the new name, UPDATE policy SET ca = ''new'' WHERE ca = ''old'', then delete the old row; view ca_used shows who uses it')
  WHERE NEW.name IS NOT OLD.name
    AND EXISTS (SELECT 1 FROM policy WHERE ca = OLD.name);
  INSERT INTO check_ca VALUES (NEW.name, NEW.pem, NEW.comment, NEW.added_at);
  DELETE FROM audit_pending;
  INSERT INTO audit_pending
  SELECT 'ca', name, json FROM ca_json WHERE name IN (OLD.name, NEW.name);
END;

DROP TRIGGER IF EXISTS ca_after_update;
CREATE TRIGGER ca_after_update AFTER UPDATE ON ca
BEGIN
  INSERT INTO audit(tbl, op, key, before)
  SELECT tbl, 'delete', key, before FROM audit_pending
  WHERE key <> OLD.name;
  INSERT INTO audit(tbl, op, key, before, after)
  SELECT p.tbl, 'update', p.key, p.before, j.json
  FROM audit_pending p, ca_json j
  WHERE p.key = OLD.name AND j.name = NEW.name;
  DELETE FROM audit_pending;
END;

DROP TRIGGER IF EXISTS ca_before_delete;
CREATE TRIGGER ca_before_delete BEFORE DELETE ON ca
BEGIN
  SELECT RAISE(ABORT, 'ca: rules name this CA; first UPDATE policy SET ca = ''other'' or delete those rules; view ca_used shows which')
  WHERE EXISTS (SELECT 1 FROM policy WHERE ca = OLD.name);
  INSERT INTO audit(tbl, op, key, before)
  SELECT 'ca', 'delete', name, json FROM ca_json WHERE name = OLD.name;
  DELETE FROM audit_pending;
END;


-- Views for a person at the shell. Try: .mode box

-- What a rule says, in words.
DROP VIEW IF EXISTS rules_readable;
CREATE VIEW rules_readable(id, state, priority, rule, comment) AS
  SELECT id,
         CASE WHEN NOT enabled THEN 'off'
              WHEN datetime(expires_at) <= datetime('now') THEN 'expired'
              WHEN mode = 'monitor' THEN 'watching'
              ELSE 'on' END,
         priority,
         CASE direction WHEN 'in' THEN 'received' ELSE 'sent' END || ' mail'
         || CASE sender WHEN '*' THEN '' WHEN '<>' THEN ' from the null sender'
            ELSE ' from ' || sender END
         || CASE recipient WHEN '*' THEN '' ELSE ' to ' || recipient END
         || coalesce(CASE direction WHEN 'in' THEN ' by clients in '
                     ELSE ' over servers in ' END || subnet, '')
         || ': '
         || CASE level WHEN 'none' THEN 'no TLS'
            WHEN 'preferred' THEN 'TLS if offered'
            WHEN 'encrypt' THEN 'TLS'
            ELSE 'TLS with a verified certificate' END
         || coalesce(', ' || min_protocol || ' or newer', '')
         || coalesce(', ' || min_bits || ' bits or more', '')
         || coalesce(', chain up to CA ' || ca, '')
         || coalesce(', certificate for ' || cert_name, '')
         || coalesce(', fingerprint ' || substr(cert_fingerprint, 1, 16)
                     || '...', '')
         || CASE WHEN level IN ('none', 'preferred') THEN ''
            WHEN on_failure = 'fail' THEN ', else refuse' ELSE ', else defer'
            END
         || coalesce(' (until ' || expires_at || ' UTC)', ''),
         comment
  FROM policy;

-- The rules that count now, the order in which their priorities win.
DROP VIEW IF EXISTS rules_active;
CREATE VIEW rules_active AS
  SELECT * FROM policy
  WHERE enabled AND (expires_at IS NULL
                     OR datetime(expires_at) > datetime('now'))
  ORDER BY direction, priority, id;

-- The rules that end by themselves, the next one first; hours_left is negative
-- for those that are over.
DROP VIEW IF EXISTS rules_expiring;
CREATE VIEW rules_expiring(id, expires_at, hours_left, state, rule, comment) AS
  SELECT p.id, p.expires_at,
         round((julianday(p.expires_at) - julianday('now')) * 24, 1),
         r.state, r.rule, r.comment
  FROM policy p JOIN rules_readable r ON r.id = p.id
  WHERE p.expires_at IS NOT NULL
  ORDER BY datetime(p.expires_at), p.id;

-- How many rules there are of each kind.
DROP VIEW IF EXISTS rules_summary;
CREATE VIEW rules_summary(direction, level, state, rules) AS
  SELECT p.direction, p.level, r.state, count(*)
  FROM policy p JOIN rules_readable r ON r.id = p.id
  GROUP BY 1, 2, 3;

-- The CAs and who names them.
DROP VIEW IF EXISTS ca_used;
CREATE VIEW ca_used(name, certificates, rules, rule_ids, added_at, comment) AS
  SELECT name,
         (length(pem) - length(replace(pem, '-----BEGIN CERTIFICATE-----', '')))
         / length('-----BEGIN CERTIFICATE-----'),
         count(p.id), group_concat(p.id, ' '), added_at, c.comment
  FROM ca c LEFT JOIN policy p ON p.ca = c.name
  GROUP BY c.name;

-- The audit in words, newest first: what an update changed, what else a row
-- held.
DROP VIEW IF EXISTS audit_readable;
CREATE VIEW audit_readable(id, at, who, what, changes) AS
  SELECT a.id, a.at, coalesce(a.actor, 'shell'),
         CASE a.tbl WHEN 'policy' THEN 'rule ' ELSE 'CA ' END || a.key || ' '
         || a.op || CASE substr(a.op, -1) WHEN 'e' THEN 'd' ELSE 'ed' END,
         (SELECT group_concat(
                   n.key || ': '
                   || CASE WHEN a.op = 'update'
                      THEN coalesce(substr(o.value, 1, 40), 'NULL') || ' -> '
                      ELSE '' END
                   || coalesce(substr(n.value, 1, 40), 'NULL'), '; ')
          FROM json_each(coalesce(a.after, a.before)) n
               LEFT JOIN json_each(a.before) o ON o.key = n.key
          WHERE CASE a.op WHEN 'update' THEN n.value IS NOT o.value
                ELSE coalesce(n.value, '') <> '' END)
  FROM audit a
  ORDER BY a.id DESC;

-- For column subnet: the netmask of each prefix length and the step from one
-- network to the next in the octet that the prefix cuts: 10.1.2.77/27 lies in
-- 10.1.2.64/27, because 64 is the last multiple of 32 up to 77.
DROP VIEW IF EXISTS subnet_masks;
CREATE VIEW subnet_masks(bits, netmask, octet, step, addresses) AS
  WITH RECURSIVE b(bits) AS (
    SELECT 0 UNION ALL SELECT bits + 1 FROM b WHERE bits < 32)
  SELECT bits,
         printf('%d.%d.%d.%d', m >> 24 & 255, m >> 16 & 255, m >> 8 & 255,
                m & 255),
         (bits + 7) / 8, 1 << (32 - bits) % 8, 1 << (32 - bits)
  FROM (SELECT bits, 0xffffffff << (32 - bits) & 0xffffffff AS m FROM b);

RELEASE tlswarden_policy;
