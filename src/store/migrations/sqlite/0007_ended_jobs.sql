-- 0007_ended_jobs: ended jobs are looked at agency by agency, for the chart of a day and for what is no longer kept.
DROP INDEX sync_job_finished;
CREATE INDEX sync_job_ended ON sync_job (agency_id, finished_at_ms) WHERE finished_at_ms IS NOT NULL;
