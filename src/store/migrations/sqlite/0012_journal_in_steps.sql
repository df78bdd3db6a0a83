-- 0012_journal_in_steps: a write is entered in several short commits; which of its effects are, is kept with it.
ALTER TABLE journal ADD COLUMN entered TEXT NOT NULL DEFAULT '';  -- indexes of effects as ranges: "0-199,210"
