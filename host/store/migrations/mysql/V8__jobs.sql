-- Jobs, what happened to them, and how many wait of each skill. A queue's row is the lock of its jobs.
-- A host that has jobs lives as long as its beats go on.
CREATE TABLE IF NOT EXISTS job_queues (
  domain VARCHAR(63) NOT NULL,
  skill VARCHAR(63) NOT NULL,
  waiting BIGINT NOT NULL,
  PRIMARY KEY (domain, skill)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS jobs (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  domain VARCHAR(63) NOT NULL,
  skill VARCHAR(63) NOT NULL,
  version VARCHAR(128),
  tool VARCHAR(255),
  lane BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  accepted BIGINT NOT NULL,
  due BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  interruptions BIGINT NOT NULL,
  host VARCHAR(36),
  cancelling BIGINT NOT NULL,
  ended BIGINT,
  idempotency_key VARCHAR(255),
  owner VARCHAR(71) NOT NULL,
  work VARCHAR(71),
  terms LONGTEXT NOT NULL,
  events BIGINT NOT NULL,
  input LONGBLOB NOT NULL,
  output LONGBLOB,
  fault LONGTEXT,
  UNIQUE KEY jobs_work (domain, work),
  KEY jobs_next (domain, skill, state, lane, due, id),
  KEY jobs_listed (domain, state, id),
  KEY jobs_owned (domain, owner, id),
  KEY jobs_held (host),
  KEY jobs_over (ended)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS job_events (
  job VARCHAR(36) NOT NULL,
  seq BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  step VARCHAR(16) NOT NULL,
  attempt BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (job, seq),
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE IF NOT EXISTS job_hosts (
  host VARCHAR(36) NOT NULL PRIMARY KEY,
  beats BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
