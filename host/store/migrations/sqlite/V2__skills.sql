-- Components by digest in parts of 1 MiB; skills; their versions, of which one may wait beside another of its number.
CREATE TABLE IF NOT EXISTS components (
  digest TEXT NOT NULL PRIMARY KEY,
  bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS component_parts (
  component TEXT NOT NULL REFERENCES components (digest) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (component, part)
) STRICT;
CREATE TABLE IF NOT EXISTS skills (
  domain TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  grants TEXT NOT NULL,
  config TEXT NOT NULL,
  PRIMARY KEY (domain, name)
) STRICT;
CREATE TABLE IF NOT EXISTS versions (
  domain TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  waiting INTEGER NOT NULL,
  state TEXT NOT NULL,
  digest TEXT NOT NULL,
  component TEXT NOT NULL REFERENCES components (digest),
  component_bytes INTEGER NOT NULL,
  manifest TEXT,
  prompt TEXT,
  inspection TEXT NOT NULL,
  published INTEGER NOT NULL,
  PRIMARY KEY (domain, name, version, waiting),
  FOREIGN KEY (domain, name) REFERENCES skills (domain, name) ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS versions_component ON versions (component);
