// The caller's own lane, for the Sync button: idle, or what its next job does.
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

export const laneQuery = {
  queryKey: ["lane"],
  queryFn: () => unwrap(api.GET("/api/insurance/sync/status", { params: { query: {} } })),
};
export const useLane = () => useQuery(laneQuery).data?.status ?? "idle";
