-- What whoever asked for a job answered to what its output asks for.
CREATE TABLE IF NOT EXISTS job_answers (
  job TEXT NOT NULL,
  name TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (job, name),
  FOREIGN KEY (job) REFERENCES jobs (id) ON DELETE CASCADE
) STRICT;
