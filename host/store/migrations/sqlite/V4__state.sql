-- The durable state of skills, keys ordered by their bytes; how full each skill's is, and the row that its changes lock.
CREATE TABLE IF NOT EXISTS state_totals (
  domain TEXT NOT NULL,
  skill TEXT NOT NULL,
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (domain, skill),
  FOREIGN KEY (domain, skill) REFERENCES skills (domain, name) ON DELETE CASCADE
) STRICT;
CREATE TABLE IF NOT EXISTS state (
  domain TEXT NOT NULL,
  skill TEXT NOT NULL,
  name TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (domain, skill, name),
  FOREIGN KEY (domain, skill) REFERENCES state_totals (domain, skill) ON DELETE CASCADE
) STRICT;
INSERT OR IGNORE INTO state_totals (domain, skill, entries, bytes) SELECT domain, name, 0, 0 FROM skills;
