// What can be done with a job in its state: cancel, approve what it held back, try again.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import { type Job, api, json, reasonOf, unwrap } from "../api/client";
import { queries } from "../lib/session";
import { follow, putJob } from "../sync/jobs";
import { approveText } from "../sync/words";

const actions = {
  cancel: { name: "Cancel", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/cancel", { ...json, params: { path: { id } } }) },
  confirm: { name: "Go on", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/confirm", { ...json, params: { path: { id } } }) },
  retry: { name: "Try again", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/retry", { ...json, params: { path: { id } } }) },
};
type Action = keyof typeof actions;

const possible: Record<Job["state"], Action[]> = {
  queued: ["cancel"], running: [], waiting: ["retry", "cancel"], held: ["confirm", "cancel"], succeeded: [], failed: ["retry"], cancelled: ["retry"],
};
function nameOf(action: Action, job: Job): string {
  if (job.state !== "held") return actions[action].name;
  return action === "confirm" ? approveText(job.result) : "Keep the rows";
}

export function JobActions({ job, isLarge }: { job: Job; isLarge?: boolean }) {
  const [busy, setBusy] = useState<Action | null>(null);
  const run = async (action: Action) => {
    setBusy(action);
    try {
      const next = await unwrap(actions[action].call(job.id));
      if (action !== "cancel" || job.state === "held") follow(next.id);
      putJob(next);
    } catch (error) {
      toast.error(`${nameOf(action, job)}: not possible`, { description: reasonOf(error) });
    }
    setBusy(null);
    for (const key of ["jobs", "lane", "queue", "config"]) void queries.invalidateQueries({ queryKey: [key] });
  };
  // Rows are looked at before they go: a list has no room for them.
  if (job.state === "held" && !isLarge)
    return <Link to="/sync/$jobId" params={{ jobId: job.id }} className="btn">Review<span className="sr-only"> (sync {job.id})</span></Link>;
  return (
    <span className="inline-flex flex-wrap justify-end gap-1">
      {possible[job.state].map((action) => (
        <button key={action} type="button" className={`btn ${isLarge && action === "confirm" ? "btn-danger" : ""}`} disabled={busy !== null} onClick={() => void run(action)}>
          {nameOf(action, job)}<span className="sr-only"> (sync {job.id})</span>
        </button>
      ))}
    </span>
  );
}
