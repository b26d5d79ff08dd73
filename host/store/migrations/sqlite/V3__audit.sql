-- The body is what was signed; the columns behind it repeat what is searched for, where the body tells it.
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  host TEXT NOT NULL,
  seq INTEGER NOT NULL,
  prev TEXT NOT NULL,
  mac TEXT NOT NULL,
  body TEXT NOT NULL,
  at_ms INTEGER,
  action TEXT,
  domain TEXT,
  skill TEXT,
  call_id TEXT,
  fault TEXT,
  UNIQUE (host, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS audit_at ON audit (at_ms);
CREATE INDEX IF NOT EXISTS audit_action ON audit (action, id);
CREATE INDEX IF NOT EXISTS audit_skill ON audit (domain, skill, id);
CREATE INDEX IF NOT EXISTS audit_call ON audit (call_id);
CREATE INDEX IF NOT EXISTS audit_fault ON audit (fault, id);
