-- 0010_lanes_of_a_spreadsheet: an index over `queued` was written anew with every press, claim and settled job. The lanes
-- of a spreadsheet are as many as its users: a pass looks through them all.
DROP INDEX lane_ready;
