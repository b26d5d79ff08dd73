-- API keys, of which only a proof is kept; and the domains. Those that skills are in already are kept.
CREATE TABLE IF NOT EXISTS api_keys (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  terms TEXT NOT NULL,
  proof TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  used INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS domains (
  name TEXT NOT NULL PRIMARY KEY,
  quota TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT;
INSERT OR IGNORE INTO domains (name, quota, created, created_by) SELECT DISTINCT domain, '{}', 0, 'operator:migration' FROM skills;
INSERT OR IGNORE INTO domains (name, quota, created, created_by) VALUES ('main', '{}', 0, 'operator:migration');
