-- Secrets of a domain, each sealed with a key that the database never sees.
CREATE TABLE IF NOT EXISTS secrets (
  domain TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (domain, name)
) STRICT;
