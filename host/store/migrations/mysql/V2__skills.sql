-- Components by digest in parts of 1 MiB; skills; their versions, of which one may wait beside another of its number.
CREATE TABLE IF NOT EXISTS components (
  digest VARCHAR(71) NOT NULL PRIMARY KEY,
  bytes BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS component_parts (
  component VARCHAR(71) NOT NULL,
  part BIGINT NOT NULL,
  content MEDIUMBLOB NOT NULL,
  PRIMARY KEY (component, part),
  FOREIGN KEY (component) REFERENCES components (digest) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS skills (
  domain VARCHAR(63) NOT NULL,
  name VARCHAR(63) NOT NULL,
  revision BIGINT NOT NULL,
  grants LONGTEXT NOT NULL,
  config LONGTEXT NOT NULL,
  PRIMARY KEY (domain, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS versions (
  domain VARCHAR(63) NOT NULL,
  name VARCHAR(63) NOT NULL,
  version VARCHAR(128) NOT NULL,
  waiting BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  digest VARCHAR(71) NOT NULL,
  component VARCHAR(71) NOT NULL,
  component_bytes BIGINT NOT NULL,
  manifest LONGTEXT,
  prompt LONGTEXT,
  inspection LONGTEXT NOT NULL,
  published BIGINT NOT NULL,
  PRIMARY KEY (domain, name, version, waiting),
  KEY versions_component (component),
  FOREIGN KEY (domain, name) REFERENCES skills (domain, name) ON DELETE CASCADE,
  FOREIGN KEY (component) REFERENCES components (digest)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
