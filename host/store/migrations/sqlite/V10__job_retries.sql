-- After which attempt a job began anew, where somebody let it be tried again.
CREATE TABLE IF NOT EXISTS job_retries (
  job TEXT NOT NULL PRIMARY KEY,
  attempt INTEGER NOT NULL,
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) STRICT;
