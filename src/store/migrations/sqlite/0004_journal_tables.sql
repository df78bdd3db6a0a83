-- 0004_journal_tables: the tabs as a pending write was planned on, packed. Emptied once its outcome is entered.
ALTER TABLE journal ADD COLUMN tables BLOB NOT NULL DEFAULT x'';
