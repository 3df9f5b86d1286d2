-- tlswarden: the state database, what the daemons saw. Made by them, not by
-- hand, with these statements; running them again is harmless. Rows are in
-- lib/fact/record.h. Times are seconds since 1970 UTC; NULL is not known or
-- not given. Old rows are deleted by time (retention_days), in small steps,
-- so there is one index on the time and no other: writing must keep up.
-- At the shell: SELECT datetime(at, 'unixepoch'), * FROM session;

PRAGMA journal_mode = WAL;

SAVEPOINT tlswarden_state;

PRAGMA application_id = 1953264499; -- 'tlss'
PRAGMA user_version = 5;

-- One inbound SMTP session, written when it ends.
CREATE TABLE IF NOT EXISTS session (
  id               INTEGER PRIMARY KEY,
  at               INTEGER NOT NULL,   -- when it began
  duration_msecs   INTEGER NOT NULL,
  mta              TEXT,               -- 'postfix' 'sendmail'
  daemon           TEXT,               -- the MTA's {daemon_name}
  queue_id         TEXT,               -- of the last message
  client_addr      TEXT,
  client_name      TEXT,
  client_port      INTEGER,
  helo             TEXT,
  tls              TEXT NOT NULL,      -- 'starttls' 'wrapper' 'none'; 'unknown':
                                       -- ended before MAIL, nobody told
  tls_version      TEXT,
  cipher           TEXT,
  bits             INTEGER,
  verify           TEXT,               -- the MTA's word: OK FAIL NONE ...
  cert_subject     TEXT,
  cert_issuer      TEXT,
  cert_fingerprint TEXT,
  authenticated    INTEGER NOT NULL,   -- 0 or 1
  messages         INTEGER NOT NULL,
  accepted         INTEGER NOT NULL,   -- recipients
  refused          INTEGER NOT NULL,
  refused_rule     INTEGER,            -- policy.id of the last refusal
  refused_reason   TEXT                -- and its reason: no_tls, ...
) STRICT;
CREATE INDEX IF NOT EXISTS session_at ON session(at);

-- Recipients that each domain had in a session, as sender or as recipient.
-- Delete with its session: DELETE FROM session_domain WHERE session = ?
CREATE TABLE IF NOT EXISTS session_domain (
  session   INTEGER NOT NULL,          -- session.id
  is_sender INTEGER NOT NULL,          -- 1 sender, 0 recipient
  domain    TEXT NOT NULL,             -- '' is the null sender
  accepted  INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  PRIMARY KEY (session, is_sender, domain)
) STRICT, WITHOUT ROWID;

-- The ledger: a recipient that a rule refused, or (mode 'monitor') would have
-- refused.
CREATE TABLE IF NOT EXISTS violation (
  id          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  rule        INTEGER NOT NULL,        -- policy.id
  direction   TEXT NOT NULL,           -- 'in' 'out'
  mode        TEXT NOT NULL,           -- 'enforce' 'monitor'
  on_failure  TEXT NOT NULL,           -- 'tempfail' 'fail'
  source      TEXT NOT NULL,           -- 'milter' 'delegation' 'dsn' 'sendmail'
                                       -- 'probe'
  reason      TEXT NOT NULL,           -- 'no_tls' 'expired_leaf' ...
  sender      TEXT,                    -- as record_addresses allows
  recipient   TEXT,
  nexthop     TEXT,
  peer_addr   TEXT,
  peer_name   TEXT,
  tls_version TEXT,
  cipher      TEXT,
  queue_id    TEXT,
  text        TEXT                     -- what was or would have been said
) STRICT;
CREATE INDEX IF NOT EXISTS violation_at ON violation(at);

-- The last look at each server of a partner; a new one takes its place:
-- INSERT OR REPLACE. The key has '' for what is not known.
CREATE TABLE IF NOT EXISTS probe (
  domain                TEXT NOT NULL,
  host                  TEXT NOT NULL,
  addr                  TEXT NOT NULL,
  port                  INTEGER NOT NULL,
  at                    INTEGER NOT NULL,
  rule                  INTEGER,       -- policy.id that judged it
  verdict               TEXT NOT NULL, -- 'ok' 'fail' 'noverify'
  class                 TEXT,          -- of the first finding that fails
  fault                 TEXT,          -- 'theirs' 'ours' 'path'
  tls_version           TEXT,
  cipher                TEXT,
  bits                  INTEGER,
  not_after             INTEGER,       -- first expiry in the chain
  client_cert_requested INTEGER NOT NULL, -- 0 or 1
  json                  TEXT,          -- the whole result
  demand                INTEGER,       -- a mark of what the rule demanded then
                                       -- (since version 5)
  PRIMARY KEY (domain, host, addr, port)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS probe_at ON probe(at);

-- Chains that servers sent, as sent, each once a host: they tell an
-- intermediate that was forgotten from a CA that nobody knows. Since version 2.
-- Look at the last one: SELECT pem FROM seen_chain WHERE host = ... ORDER BY at
-- DESC LIMIT 1, into tlswarden verify -
CREATE TABLE IF NOT EXISTS seen_chain (
  id   INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  at   INTEGER NOT NULL,               -- when it was sent last
  pem  TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS seen_chain_host ON seen_chain(host, at);
CREATE INDEX IF NOT EXISTS seen_chain_at ON seen_chain(at);

-- On which days servers of a partner were looked at, and how many: since the
-- last look takes the place of the one before it, this alone tells for how long
-- somebody has watched. Since version 3.
CREATE TABLE IF NOT EXISTS probe_day (
  domain TEXT NOT NULL,
  day    INTEGER NOT NULL,             -- days since 1970, UTC
  looks  INTEGER NOT NULL,
  PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;

-- Rows of any kind that could not be written (a full disk, a lock, too many at
-- once), noted with the next that could: what is missing is known to be.
-- Since version 4.
CREATE TABLE IF NOT EXISTS lost (
  at    INTEGER NOT NULL,              -- when writing went on
  since INTEGER NOT NULL,              -- when the first was lost
  n     INTEGER NOT NULL
) STRICT;

RELEASE tlswarden_state;
