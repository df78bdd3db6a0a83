-- 0011_imports: an import is written in pieces, so that nobody's press waits for it. Its lines are staged first; once all
-- are, one update of `state` decides that it is done, and from there on it is, also over a crash.
CREATE TABLE import (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  user_id         INTEGER NOT NULL REFERENCES app_user (id),
  whole_agency    INTEGER NOT NULL CHECK (whole_agency = 0 OR whole_agency = 1),
  state           TEXT    NOT NULL DEFAULT 'staging' CHECK (state='staging' OR state='applying' OR state='done'),
  added           INTEGER NOT NULL DEFAULT 0,          -- so far
  updated         INTEGER NOT NULL DEFAULT 0,
  unchanged       INTEGER NOT NULL DEFAULT 0,
  at_ms           INTEGER NOT NULL                     -- when its state was entered
);

-- What is still to be written. Gone, line by line, in the transactions that write it.
CREATE TABLE import_line (
  agency_id       INTEGER NOT NULL REFERENCES agency (id),
  import_id       INTEGER NOT NULL REFERENCES import (id) ON DELETE CASCADE,
  seq             INTEGER NOT NULL,                    -- the order of the file
  record          TEXT    NOT NULL,                    -- public id of the record that it updates; '' adds one
  owner_id        INTEGER,                             -- null: as it is, or the importing user
  body            BLOB    NOT NULL,                    -- FieldCatalogue::encode, blanks kept
  PRIMARY KEY (agency_id, import_id, seq)
) WITHOUT ROWID;

-- Of a change of many records, which comes in pieces: how many it has changed so far.
ALTER TABLE activity ADD COLUMN record_count INTEGER NOT NULL DEFAULT 0;
