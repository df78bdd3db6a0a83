-- 0002_records: records and tombstones, what both sides last agreed on, and the history of every change.
CREATE TABLE record (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  public_id       TEXT    NOT NULL UNIQUE,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  owner_id        INTEGER NOT NULL REFERENCES app_user (id),
  version         INTEGER NOT NULL CHECK (version > 0),
  fields          BLOB    NOT NULL,                  -- FieldCatalogue::encode
  -- Copies of fields, for filters and sorting; null where blank.
  vertical        TEXT    NOT NULL,
  name            TEXT    NOT NULL,
  status          TEXT,
  company         TEXT,
  policy_no       TEXT,
  premium         INTEGER,                           -- hundredths
  renewal_date    INTEGER,                           -- days since 1970
  search_text     TEXT    NOT NULL,                  -- case folded: name, mobile, policy, registration, e-mail
  -- Normalised natural keys; null where blank.
  key_policy      TEXT,
  key_registration TEXT,
  key_person      TEXT,
  created_at_ms   INTEGER NOT NULL,
  updated_at_ms   INTEGER NOT NULL,
  updated_by      INTEGER NOT NULL REFERENCES app_user (id),
  deleted_at_ms   INTEGER,                           -- a tombstone
  sync_state      TEXT    NOT NULL DEFAULT 'unsynced'
                  CHECK (sync_state IN ('synced', 'unsynced', 'conflict', 'held', 'rejected', 'ambiguous')),
  sync_at_ms      INTEGER,
  sync_reason     TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX record_agency ON record (agency_id, deleted_at_ms, id);
CREATE INDEX record_owner ON record (agency_id, owner_id, deleted_at_ms, id);
CREATE INDEX record_name ON record (agency_id, deleted_at_ms, name, id);
CREATE INDEX record_renewal ON record (agency_id, deleted_at_ms, renewal_date, id);
CREATE INDEX record_updated ON record (agency_id, deleted_at_ms, updated_at_ms, id);
CREATE INDEX record_key_policy ON record (agency_id, key_policy) WHERE key_policy IS NOT NULL;
CREATE INDEX record_key_registration ON record (agency_id, key_registration) WHERE key_registration IS NOT NULL;
CREATE INDEX record_key_person ON record (agency_id, key_person) WHERE key_person IS NOT NULL;

-- What both sides last agreed on, for each record and tab.
CREATE TABLE base (
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  record_id       INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  tab             TEXT    NOT NULL,
  body            BLOB    NOT NULL,                  -- FieldCatalogue::encode, blanks kept
  PRIMARY KEY (agency_id, record_id, tab)
) WITHOUT ROWID;

CREATE TABLE tab_state (
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  tab             TEXT    NOT NULL,
  sheet_id        INTEGER NOT NULL,
  title           TEXT    NOT NULL,
  headers         TEXT    NOT NULL,                  -- JSON: field -> header as last read
  PRIMARY KEY (agency_id, tab)
) WITHOUT ROWID;

-- One entry a cell for updates, one a row for added and deleted rows. job_id null: a user's own edit.
CREATE TABLE history (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  record_id       INTEGER NOT NULL,                  -- outlives the record
  owner_id        INTEGER NOT NULL,
  job_id          INTEGER,
  user_id         INTEGER NOT NULL,
  at_ms           INTEGER NOT NULL,
  side            TEXT    NOT NULL CHECK (side IN ('app', 'sheet')),
  what            TEXT    NOT NULL CHECK (what IN ('cell', 'add', 'delete', 'move', 'restore')),
  tab             TEXT    NOT NULL,
  sheet_row       INTEGER NOT NULL,
  field           TEXT    NOT NULL,
  before_json     TEXT    NOT NULL,
  after_json      TEXT    NOT NULL
);
CREATE INDEX history_record ON history (agency_id, record_id, id);
CREATE INDEX history_job ON history (agency_id, job_id, id) WHERE job_id IS NOT NULL;
CREATE INDEX history_time ON history (at_ms);

CREATE TABLE activity (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  user_id         INTEGER NOT NULL,
  at_ms           INTEGER NOT NULL,
  what            TEXT    NOT NULL,
  text            TEXT    NOT NULL,
  record_public_id TEXT,
  job_id          INTEGER
);
CREATE INDEX activity_agency ON activity (agency_id, id);
CREATE INDEX activity_user ON activity (agency_id, user_id, id);
CREATE INDEX activity_time ON activity (at_ms);
