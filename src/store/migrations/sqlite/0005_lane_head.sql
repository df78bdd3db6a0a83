-- 0005_lane_head: a lane knows where its queue begins, so that no index holds the whole backlog and a claim costs the
-- same whatever waits. No job of the lane before `head_seq` is queued.
ALTER TABLE lane ADD COLUMN head_seq INTEGER NOT NULL DEFAULT 1;
UPDATE lane SET head_seq = coalesce((SELECT min(lane_seq) FROM sync_job WHERE lane_id = lane.id AND state IN ('queued', 'running')), seq_last + 1);
DROP INDEX sync_job_queued;
-- Events are deleted in the order of their ids.
DROP INDEX event_time;
