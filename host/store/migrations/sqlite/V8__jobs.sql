-- Jobs, what happened to them, and how many wait of each skill. A queue's row is the lock of its jobs.
-- A host that has jobs lives as long as its beats go on.
CREATE TABLE IF NOT EXISTS job_queues (
  domain TEXT NOT NULL,
  skill TEXT NOT NULL,
  waiting INTEGER NOT NULL,
  PRIMARY KEY (domain, skill)
) STRICT;
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT NOT NULL PRIMARY KEY,
  domain TEXT NOT NULL,
  skill TEXT NOT NULL,
  version TEXT,
  tool TEXT,
  lane INTEGER NOT NULL,
  state TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  due INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  interruptions INTEGER NOT NULL,
  host TEXT,
  cancelling INTEGER NOT NULL,
  ended INTEGER,
  idempotency_key TEXT,
  owner TEXT NOT NULL,
  work TEXT,
  terms TEXT NOT NULL,
  events INTEGER NOT NULL,
  input BLOB NOT NULL,
  output BLOB,
  fault TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS jobs_work ON jobs (domain, work);
CREATE INDEX IF NOT EXISTS jobs_next ON jobs (domain, skill, state, lane, due, id);
CREATE INDEX IF NOT EXISTS jobs_listed ON jobs (domain, state, id);
CREATE INDEX IF NOT EXISTS jobs_owned ON jobs (domain, owner, id);
CREATE INDEX IF NOT EXISTS jobs_held ON jobs (host);
CREATE INDEX IF NOT EXISTS jobs_over ON jobs (ended);
CREATE TABLE IF NOT EXISTS job_events (
  job TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  step TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (job, seq),
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) STRICT;
CREATE TABLE IF NOT EXISTS job_hosts (
  host TEXT NOT NULL PRIMARY KEY,
  beats INTEGER NOT NULL
) STRICT;
