-- The durable state of skills, keys ordered by their bytes; how full each skill's is, and the row that its changes lock.
CREATE TABLE IF NOT EXISTS state_totals (
  domain VARCHAR(63) NOT NULL,
  skill VARCHAR(63) NOT NULL,
  entries BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  PRIMARY KEY (domain, skill),
  FOREIGN KEY (domain, skill) REFERENCES skills (domain, name) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS state (
  domain VARCHAR(63) NOT NULL,
  skill VARCHAR(63) NOT NULL,
  name VARBINARY(512) NOT NULL,
  value MEDIUMBLOB NOT NULL,
  PRIMARY KEY (domain, skill, name),
  FOREIGN KEY (domain, skill) REFERENCES state_totals (domain, skill) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT IGNORE INTO state_totals (domain, skill, entries, bytes) SELECT domain, name, 0, 0 FROM skills;
