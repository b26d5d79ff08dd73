-- After which attempt a job began anew, where somebody let it be tried again.
CREATE TABLE IF NOT EXISTS job_retries (
  job VARCHAR(36) NOT NULL PRIMARY KEY,
  attempt BIGINT NOT NULL,
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
