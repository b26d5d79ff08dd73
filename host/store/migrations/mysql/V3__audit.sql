-- The body is what was signed; the columns behind it repeat what is searched for, where the body tells it.
CREATE TABLE IF NOT EXISTS audit (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  host VARCHAR(36) NOT NULL,
  seq BIGINT NOT NULL,
  prev VARCHAR(64) NOT NULL,
  mac VARCHAR(64) NOT NULL,
  body LONGTEXT NOT NULL,
  at_ms BIGINT,
  action VARCHAR(32),
  domain VARCHAR(63),
  skill VARCHAR(63),
  call_id VARCHAR(36),
  fault VARCHAR(32),
  UNIQUE KEY audit_chain (host, seq),
  KEY audit_at (at_ms),
  KEY audit_action (action, id),
  KEY audit_skill (domain, skill, id),
  KEY audit_call (call_id),
  KEY audit_fault (fault, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
