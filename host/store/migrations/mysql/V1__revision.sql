-- The revision that every change bumps, and the latest changes by the token of who made them.
CREATE TABLE IF NOT EXISTS revision (
  id INT NOT NULL PRIMARY KEY CHECK (id = 1),
  value BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT IGNORE INTO revision (id, value) VALUES (1, 0);
CREATE TABLE IF NOT EXISTS changes (
  revision BIGINT NOT NULL PRIMARY KEY,
  token VARCHAR(36) NOT NULL UNIQUE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
