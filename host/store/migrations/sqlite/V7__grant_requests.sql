-- Requests for grants: what somebody wants a skill to have, and what operators decided. They go with the skill.
CREATE TABLE IF NOT EXISTS grant_requests (
  id TEXT NOT NULL PRIMARY KEY,
  domain TEXT NOT NULL,
  skill TEXT NOT NULL,
  digest TEXT NOT NULL,
  grants TEXT NOT NULL,
  why TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  state TEXT NOT NULL,
  decided_by TEXT,
  decided INTEGER NOT NULL,
  reason TEXT,
  FOREIGN KEY (domain, skill) REFERENCES skills (domain, name) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS grant_requests_asker ON grant_requests (domain, asked_by);
