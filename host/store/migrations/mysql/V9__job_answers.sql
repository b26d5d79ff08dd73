-- What whoever asked for a job answered to what its output asks for.
CREATE TABLE IF NOT EXISTS job_answers (
  job VARCHAR(36) NOT NULL,
  name VARCHAR(255) NOT NULL,
  answer LONGTEXT NOT NULL,
  PRIMARY KEY (job, name),
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
