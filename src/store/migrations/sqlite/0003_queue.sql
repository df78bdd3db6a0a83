-- 0003_queue: spreadsheets, lanes and the durable queue. One row of sync_job is one accepted request to sync.
CREATE TABLE spreadsheet (
  id              TEXT    PRIMARY KEY,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  account         TEXT    NOT NULL,
  -- Its place in the account's round of turns; null while nothing is ready, while it waits, and while a pass runs.
  turn            INTEGER,
  -- While it waits: when it is tried again, and why it waits.
  ready_at_ms     INTEGER,
  reason          TEXT    NOT NULL DEFAULT '' CHECK (reason IN ('', 'quota', 'retry', 'not_shared', 'sheet_missing', 'paused')),
  reason_text     TEXT    NOT NULL DEFAULT '',
  failures        INTEGER NOT NULL DEFAULT 0,        -- passes in a row that ended in a wait for `retry`
  faults          INTEGER NOT NULL DEFAULT 0,        -- passes in a row that failed by a fault of our own
  -- The lease of the running pass.
  epoch           INTEGER NOT NULL DEFAULT 0,
  lease_node      TEXT,
  lease_until_ms  INTEGER,
  pass_id         INTEGER,
  token_base      INTEGER NOT NULL,
  token_last      INTEGER NOT NULL DEFAULT 0,
  CHECK ((lease_node IS NULL) = (lease_until_ms IS NULL)),
  CHECK (turn IS NULL OR lease_node IS NULL),
  CHECK (turn IS NULL OR ready_at_ms IS NULL)
) WITHOUT ROWID;
-- The next spreadsheet of an account: one look-up, whatever the backlog.
CREATE INDEX spreadsheet_turn ON spreadsheet (account, turn) WHERE turn IS NOT NULL;
CREATE INDEX spreadsheet_ready_at ON spreadsheet (ready_at_ms) WHERE ready_at_ms IS NOT NULL;
CREATE INDEX spreadsheet_lease ON spreadsheet (lease_until_ms) WHERE lease_until_ms IS NOT NULL;

-- Counters drawn inside the transaction that uses them.
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('turn', 0), ('pass', 0);

-- A lane is (spreadsheet_id, user_id); its order is `lane_seq`, drawn under the lane's row lock.
CREATE TABLE lane (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  spreadsheet_id  TEXT    NOT NULL REFERENCES spreadsheet (id),
  user_id         INTEGER NOT NULL REFERENCES app_user (id),
  seq_last        INTEGER NOT NULL DEFAULT 0,
  queued          INTEGER NOT NULL DEFAULT 0 CHECK (queued >= 0),
  running         INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
  UNIQUE (spreadsheet_id, user_id)
);
CREATE INDEX lane_ready ON lane (spreadsheet_id, id) WHERE queued > 0;

CREATE TABLE sync_job (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused: clients remember ids
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  lane_id         INTEGER NOT NULL REFERENCES lane (id),
  lane_seq        INTEGER NOT NULL,
  user_id         INTEGER NOT NULL REFERENCES app_user (id),
  whole_agency    INTEGER NOT NULL CHECK (whole_agency IN (0, 1)),
  direction       TEXT    NOT NULL CHECK (direction IN ('to-sheet', 'from-sheet', 'two-way', 'undo', 'preview')),
  tabs            TEXT    NOT NULL DEFAULT '',         -- keys with a comma between; '' all
  kind            TEXT    NOT NULL DEFAULT 'sync' CHECK (kind IN ('sync', 'confirm')),
  state           TEXT    NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'running', 'held', 'succeeded', 'failed', 'cancelled')),
  attempt         INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  faults          INTEGER NOT NULL DEFAULT 0,
  phase           TEXT    NOT NULL DEFAULT '',
  done            INTEGER NOT NULL DEFAULT 0,
  total           INTEGER NOT NULL DEFAULT 0,
  partial         TEXT    NOT NULL DEFAULT '',         -- JSON: counts of committed chunks
  result          TEXT    NOT NULL DEFAULT '',         -- JSON
  error           TEXT    NOT NULL DEFAULT '',
  not_found       TEXT    NOT NULL DEFAULT '[]',       -- JSON
  settled_by      INTEGER,
  retry_of        INTEGER,
  created_at_ms   INTEGER NOT NULL,
  started_at_ms   INTEGER,
  finished_at_ms  INTEGER,
  UNIQUE (lane_id, lane_seq),
  CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at_ms IS NOT NULL)),
  CHECK (state <> 'running' OR started_at_ms IS NOT NULL)
);
CREATE INDEX sync_job_queued ON sync_job (lane_id, lane_seq) WHERE state = 'queued';
-- At most one running job a lane, kept by the database and not only by the code.
CREATE UNIQUE INDEX sync_job_one_running ON sync_job (lane_id) WHERE state = 'running';
CREATE INDEX sync_job_held ON sync_job (agency_id) WHERE state = 'held';
CREATE INDEX sync_job_user ON sync_job (agency_id, user_id, id);
CREATE INDEX sync_job_finished ON sync_job (finished_at_ms) WHERE finished_at_ms IS NOT NULL;

-- Plan and before-images of a write, stored before it is sent.
CREATE TABLE journal (
  pass_id         INTEGER NOT NULL,
  chunk           INTEGER NOT NULL,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  spreadsheet_id  TEXT    NOT NULL REFERENCES spreadsheet (id),
  token           INTEGER NOT NULL,
  state           TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dropped')),
  body            TEXT    NOT NULL,
  at_ms           INTEGER NOT NULL,
  PRIMARY KEY (pass_id, chunk)
);
CREATE INDEX journal_pending ON journal (spreadsheet_id) WHERE state = 'pending';
CREATE INDEX journal_time ON journal (at_ms);

-- Rows that the brake took out of a job.
CREATE TABLE hold (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  job_id          INTEGER NOT NULL REFERENCES sync_job (id) ON DELETE CASCADE,
  record_id       INTEGER NOT NULL,
  tab             TEXT    NOT NULL,
  sheet_row       INTEGER NOT NULL,
  record_version  INTEGER NOT NULL,
  row_hash        TEXT    NOT NULL,
  shown           TEXT    NOT NULL,                    -- JSON
  state           TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'cancelled'))
);
CREATE INDEX hold_open ON hold (agency_id, record_id) WHERE state = 'open';
CREATE INDEX hold_job ON hold (job_id);

-- What changed, for whoever listens; numbered under the writer's lock.
CREATE TABLE event (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  user_id         INTEGER NOT NULL,                    -- whose job, or whose record; managers see all of the agency
  kind            TEXT    NOT NULL CHECK (kind IN ('job', 'customer', 'customers', 'conflict')),
  subject         INTEGER NOT NULL,                    -- id of the job or record; for customers their count
  at_ms           INTEGER NOT NULL
);
CREATE INDEX event_agency ON event (agency_id, id);
CREATE INDEX event_time ON event (at_ms);

CREATE TABLE idempotency (
  user_id         INTEGER NOT NULL,
  route           TEXT    NOT NULL,
  key             TEXT    NOT NULL,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  body_hash       TEXT    NOT NULL,
  job_id          INTEGER NOT NULL,
  position        INTEGER NOT NULL,
  at_ms           INTEGER NOT NULL,
  PRIMARY KEY (user_id, route, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_time ON idempotency (at_ms);

-- Calls spent in the last window, so that a restart does not forget them.
CREATE TABLE quota_call (
  account         TEXT    NOT NULL,
  kind            TEXT    NOT NULL CHECK (kind IN ('read', 'write')),
  at_ms           INTEGER NOT NULL
);
CREATE INDEX quota_call_window ON quota_call (kind, at_ms, account);

-- Google answered 429: the whole account waits.
CREATE TABLE account_wait (account TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
