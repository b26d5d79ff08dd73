-- The revision that every change bumps, and the latest changes by the token of who made them.
CREATE TABLE IF NOT EXISTS revision (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO revision (id, value) VALUES (1, 0);
CREATE TABLE IF NOT EXISTS changes (
  revision INTEGER NOT NULL PRIMARY KEY,
  token TEXT NOT NULL UNIQUE
) STRICT;
