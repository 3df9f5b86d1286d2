-- tlswarden: example rules. Read them, change them, feed them one by one:
--
--     sqlite3 /var/lib/tlswarden/policy.db
--
-- All addresses and domains here are of the kinds reserved for documentation.
-- The file runs as it is, on a copy or a new database:
--     sqlite3 trial.db < policy.sql && sqlite3 trial.db < examples.sql
-- SELECT * FROM rules_readable shows the rules in words, and
-- `tlswarden explain` which of them decides about a mail.

BEGIN;

-- A CA of a partner. At the shell, from a file:
--     INSERT INTO ca(name, pem, comment) VALUES('bank-root',
--       CAST(readfile('bank-root.pem') AS TEXT), 'from the bank, by phone');
-- `tlswarden ca import bank-root bank-root.pem` does the same and looks into
-- the certificates. (This one belongs to nobody: its key was thrown away.)
INSERT INTO ca(name, pem, comment) VALUES('bank-root',
'-----BEGIN CERTIFICATE-----
MIIBtjCCAV2gAwIBAgIBATAKBggqhkjOPQQDAjBDMQswCQYDVQQGEwJYWDEVMBMG
A1UECgwMRXhhbXBsZSBCYW5rMR0wGwYDVQQDDBRFeGFtcGxlIEJhbmsgUm9vdCBD
QTAeFw0yNDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5NTlaMEMxCzAJBgNVBAYTAlhY
MRUwEwYDVQQKDAxFeGFtcGxlIEJhbmsxHTAbBgNVBAMMFEV4YW1wbGUgQmFuayBS
b290IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEj4t9zS5e4Hvm9lmO19x2
Ba+qTsemGDGJ816syeoAN0vA6sW1dY7vcRAUf/ZckGSAMa5KhYcmJa7miZkGDSrc
t6NCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYE
FP4Zde5O40usOJL3y2Fj0tZLe1CaMAoGCCqGSM49BAMCA0cAMEQCIDPx3IwA1L/h
gNATz0YAhjZEnfDpiJUpgLyZ31/TbEPWAiBojEBJAcy77ctmAbIoz5kTsGf2UOgp
fIKo+yxRBCyPtw==
-----END CERTIFICATE-----
', 'root of the bank, fingerprint compared by phone');

-- A bank, mail that we deliver: its certificate must chain up to the bank's
-- own CA and carry the name of the domain or of a host below it. Without that
-- mail waits in the queue.
INSERT INTO policy(direction, recipient, level, ca, cert_name, min_protocol,
                   comment)
VALUES('out', 'bank.example', 'secure', 'bank-root', 'nexthop:.nexthop',
       'TLSv1.2', 'contract of the bank, section 7');

-- The same bank, mail that we receive: its servers show a client certificate
-- for mail.bank.example or are refused for good, so that the bank's people
-- notice at once.
INSERT INTO policy(direction, sender, level, ca, cert_name, on_failure, comment)
VALUES('in', 'bank.example', 'secure', 'bank-root', 'mail.bank.example',
       'fail', 'contract of the bank, section 7');

-- A ministry and everything below it, both ways: TLS 1.2 and 128 bits.
-- '.ministry.example' are the subdomains, 'ministry.example' the domain itself.
INSERT INTO policy(direction, recipient, level, min_protocol, min_bits, comment)
VALUES('out', 'ministry.example', 'encrypt', 'TLSv1.2', 128, 'decree 12'),
      ('out', '.ministry.example', 'encrypt', 'TLSv1.2', 128, 'decree 12');
INSERT INTO policy(direction, sender, level, min_protocol, min_bits, comment)
VALUES('in', 'ministry.example', 'encrypt', 'TLSv1.2', 128, 'decree 12'),
      ('in', '.ministry.example', 'encrypt', 'TLSv1.2', 128, 'decree 12');

-- Bounces have the null sender, so a rule for a sender's domain does not see
-- those of the ministry. Its network does: from there everything is encrypted,
-- bounces too.
INSERT INTO policy(direction, sender, subnet, level, comment)
VALUES('in', '<>', '198.51.100.0/24', 'encrypt',
       'bounces of the ministry''s servers');

-- The clinic's network: whatever comes from there is encrypted, IPv6 as well.
INSERT INTO policy(direction, subnet, level, comment)
VALUES('in', '203.0.113.64/27', 'encrypt', 'clinic'),
      ('in', '2001:db8:4711::/48', 'encrypt', 'clinic');

-- A partner whose gateway breaks when it is offered STARTTLS: no TLS at all,
-- until it is replaced. It wins over other rules by its low priority.
INSERT INTO policy(priority, direction, recipient, level, expires_at, comment)
VALUES(10, 'out', 'gateway.example', 'none', '2031-03-31',
       'STARTTLS hangs, their case 88123; replaced by end of March');

-- A pin: one server with a self-signed certificate, known by its fingerprint.
-- The fingerprint after the blank is that of the next certificate.
INSERT INTO policy(direction, recipient, level, cert_fingerprint, comment)
VALUES('out', 'lab.example', 'encrypt',
       '3A:5E:0D:0C:C6:A1:43:7C:49:31:66:F0:F5:3D:B8:5B:8A:0B:65:F8:33:46:DF:8A:90:E2:A5:E5:AD:4B:5A:11 '
       || '0f43e87a9b9e5b0dd13e0df2a6c6e2a9c3c9c1d0a0ff5a5a2c4bbd0b0a4c7d21',
       'renewed each January');

-- Watch before enforcing: nothing is refused, the ledger (tlswarden failures)
-- keeps what would have been.
INSERT INTO policy(direction, recipient, level, cert_name, mode, comment)
VALUES('out', '*.insurance.example', 'secure', 'nexthop:hostname', 'monitor',
       'enforce when the ledger is empty for two weeks');

-- One mailbox with sensitive mail, and all of those that start with hr-.
INSERT INTO policy(direction, sender, recipient, level, on_failure, comment)
VALUES('in', '*@*', 'whistleblower@example.com', 'encrypt', 'fail',
       'ombudsman; bounces may come in clear'),
      ('in', '*@*', 'hr-*@example.com', 'encrypt', 'tempfail', 'works council');

-- A relay: the next hop exactly as written in main.cf or in the transport map.
INSERT INTO policy(direction, recipient, level, cert_name, comment)
VALUES('out', '[relay.example.net]:587', 'secure', 'hostname',
       'our relayhost');

-- Tonight only: the ministry renews its certificates, its mail must not wait.
-- The rule ends by itself; `tlswarden bypass` writes such a rule for you.
INSERT INTO policy(priority, direction, recipient, level, expires_at, comment)
VALUES(1, 'out', 'ministry.example', 'preferred',
       datetime('now', '+4 hours'), 'renewal of certificates tonight');

COMMIT;
