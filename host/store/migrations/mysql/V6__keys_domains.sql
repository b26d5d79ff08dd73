-- API keys, of which only a proof is kept; and the domains. Those that skills are in already are kept.
CREATE TABLE IF NOT EXISTS api_keys (
  id VARCHAR(16) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  terms LONGTEXT NOT NULL,
  proof VARCHAR(64) NOT NULL,
  created BIGINT NOT NULL,
  created_by VARCHAR(255) NOT NULL,
  used BIGINT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS domains (
  name VARCHAR(63) NOT NULL PRIMARY KEY,
  quota LONGTEXT NOT NULL,
  created BIGINT NOT NULL,
  created_by VARCHAR(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT IGNORE INTO domains (name, quota, created, created_by) SELECT DISTINCT domain, '{}', 0, 'operator:migration' FROM skills;
INSERT IGNORE INTO domains (name, quota, created, created_by) VALUES ('main', '{}', 0, 'operator:migration');
