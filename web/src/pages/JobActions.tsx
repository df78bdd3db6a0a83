// What can be done with a job in its state: cancel, say yes to what it held back, try again.
import { useState } from "react";
import { toast } from "sonner";
import { type Job, api, json, reasonOf, unwrap } from "../api/client";
import { queries } from "../lib/session";
import { follow, putJob } from "../sync/jobs";

const actions = {
  cancel: { name: "Cancel", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/cancel", { ...json, params: { path: { id } } }) },
  confirm: { name: "Yes, go on", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/confirm", { ...json, params: { path: { id } } }) },
  retry: { name: "Try again", call: (id: string) => api.POST("/api/insurance/sync/jobs/{id}/retry", { ...json, params: { path: { id } } }) },
};
type Action = keyof typeof actions;

const possible: Record<Job["state"], Action[]> = {
  queued: ["cancel"], running: [], waiting: ["retry", "cancel"], held: ["confirm", "cancel"], succeeded: [], failed: ["retry"], cancelled: ["retry"],
};
const names: Partial<Record<Job["state"], Partial<Record<Action, string>>>> = { held: { cancel: "No, put the rows back" } };

export function JobActions({ job, isLarge }: { job: Job; isLarge?: boolean }) {
  const [busy, setBusy] = useState<Action | null>(null);
  const run = async (action: Action) => {
    setBusy(action);
    try {
      const next = await unwrap(actions[action].call(job.id));
      if (action !== "cancel") follow(next.id);
      putJob(next);
    } catch (error) {
      toast.error(`${actions[action].name}: not possible`, { description: reasonOf(error) });
    }
    setBusy(null);
    for (const key of ["jobs", "lane"]) void queries.invalidateQueries({ queryKey: [key] });
  };
  return (
    <span className="inline-flex flex-wrap justify-end gap-1">
      {possible[job.state].map((action) => (
        <button key={action} type="button" className={`btn ${isLarge && action === "confirm" ? "btn-danger" : ""}`} disabled={busy !== null} onClick={() => void run(action)}>
          {names[job.state]?.[action] ?? actions[action].name}<span className="sr-only"> (sync {job.id})</span>
        </button>
      ))}
    </span>
  );
}
