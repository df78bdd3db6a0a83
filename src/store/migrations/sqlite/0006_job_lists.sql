-- 0006_job_lists: an index that scatters (agency, user) over all its pages made each accepted job write one page more.
-- A user's jobs are found by the user's lanes, an agency's in the order of their ids, where new ones come last.
DROP INDEX sync_job_user;
CREATE INDEX sync_job_agency ON sync_job (agency_id, id);
CREATE INDEX lane_user ON lane (user_id);
