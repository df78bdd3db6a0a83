-- 0008_event_batches: the events of one commit are one row. A row an event, with its two indexes, was the dearest part
-- of accepting a job and of settling one.
CREATE TABLE event_batch (
  first_id        INTEGER PRIMARY KEY,                 -- its events are first_id, first_id + 1, ...
  count           INTEGER NOT NULL CHECK (count > 0),
  at_ms           INTEGER NOT NULL,
  body            TEXT    NOT NULL                     -- JSON: [[agency_id, user_id, kind, subject], ...]
);
-- Numbers are never used twice: one that no event has stands for those before it, and a listener that comes back with
-- an older one is told to load anew.
INSERT INTO event_batch (first_id, count, at_ms, body)
  SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name='event'), 0) + 1, 1, 0, '[]';
DROP TABLE event;
