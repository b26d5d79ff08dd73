-- Secrets of a domain, each sealed with a key that the database never sees.
CREATE TABLE IF NOT EXISTS secrets (
  domain VARCHAR(63) NOT NULL,
  name VARCHAR(63) NOT NULL,
  version BIGINT NOT NULL,
  sealed BLOB NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  set_by LONGTEXT NOT NULL,
  PRIMARY KEY (domain, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
