-- 0001_people: agencies, their users, and the proofs by which users come in.
-- Times are UTC milliseconds since 1970. Secrets are kept as SHA-256 (tokens, sessions) or argon2id (passwords).
CREATE TABLE agency (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  key             TEXT    NOT NULL UNIQUE,
  name            TEXT    NOT NULL,
  spreadsheet_id  TEXT    NOT NULL UNIQUE,           -- one spreadsheet belongs to one agency
  account         TEXT    NOT NULL
);

CREATE TABLE app_user (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  email           TEXT    NOT NULL COLLATE NOCASE UNIQUE,
  name            TEXT    NOT NULL,
  role            TEXT    NOT NULL CHECK (role IN ('agent', 'manager', 'admin')),
  password_hash   TEXT    NOT NULL,
  disabled        INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  created_at_ms   INTEGER NOT NULL
);
CREATE INDEX app_user_agency ON app_user (agency_id, id);

CREATE TABLE api_token (
  hash            BLOB    PRIMARY KEY,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  user_id         INTEGER NOT NULL REFERENCES app_user (id),
  created_at_ms   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX api_token_user ON api_token (user_id);

CREATE TABLE session (
  hash            BLOB    PRIMARY KEY,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  user_id         INTEGER NOT NULL REFERENCES app_user (id),
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_expiry ON session (expires_at_ms);
