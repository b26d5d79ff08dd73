-- Requests for grants: what somebody wants a skill to have, and what operators decided. They go with the skill.
CREATE TABLE IF NOT EXISTS grant_requests (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  domain VARCHAR(63) NOT NULL,
  skill VARCHAR(63) NOT NULL,
  digest VARCHAR(71) NOT NULL,
  grants LONGTEXT NOT NULL,
  why TEXT NOT NULL,
  asked_by VARCHAR(512) NOT NULL,
  asked BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  decided_by VARCHAR(512),
  decided BIGINT NOT NULL,
  reason TEXT,
  KEY grant_requests_asker (domain, asked_by),
  FOREIGN KEY (domain, skill) REFERENCES skills (domain, name) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
