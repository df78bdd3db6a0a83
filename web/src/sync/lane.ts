// The caller's own lane, for the Sync button: idle, or what its next job does. And what waits for a person's approval.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

export const laneQuery = queryOptions({
  queryKey: ["lane"],
  queryFn: () => unwrap(api.GET("/api/insurance/sync/status", { params: { query: {} } })),
});
export const useLane = () => useQuery(laneQuery).data?.status ?? "idle";

export const queueQuery = queryOptions({
  queryKey: ["queue"],
  queryFn: () => unwrap(api.GET("/api/insurance/sync/queue")),
});
// Syncs that the caller may approve: the own ones, of a manager all of the agency's.
export const useHeldCount = () => useQuery(queueQuery).data?.held ?? 0;
