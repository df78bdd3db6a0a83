// What a job is doing or has done, in plain words. Pure.
import type { Job, JobResult } from "../api/client";
import { sentence } from "../lib/text";
import { showCount } from "../lib/format";

// What is known of a job right after the press: the rest follows by events.
export type JobHead = Pick<Job, "id" | "state"> & Partial<Job>;

const waits: Record<string, string> = {
  quota: "Google allows only so many calls a minute. The sync goes on by itself in a moment.",
  retry: "Google did not answer. The sync tries again by itself.",
  not_shared: "The spreadsheet is not shared with Rowlane. Share it with the address on the Spreadsheet page, as an editor; then press Try again.",
  sheet_missing: "A tab of the spreadsheet is gone. Bring it back (File, Version history), or add a tab of its name; then press Try again.",
  paused: "Syncs of this spreadsheet are paused. Ask whoever runs the server.",
};
export const waitText = (reason: string | null | undefined) => waits[reason ?? ""] ?? "It waits for its turn.";

const phases: Record<string, string> = { reading: "Reading the sheet", planning: "Comparing", writing: "Writing to the sheet", verifying: "Checking what was written" };

export const stateName: Record<Job["state"], string> = {
  queued: "Queued", running: "Syncing", waiting: "Waiting", held: "Needs your yes", succeeded: "Done", failed: "Failed", cancelled: "Cancelled",
};

const leftOut = (result: JobResult) => result.rejected.length + result.ambiguous.length + Object.values(result.tabs).filter((tab) => !tab.success).length;

export function headline(job: JobHead): string {
  if (job.state === "succeeded" && job.result && leftOut(job.result) > 0) return "Synced, but not everything";
  if (job.state === "succeeded") return job.result && isUnchanged(job.result) ? "The sheet was up to date" : "The sheet is up to date";
  if (job.state === "held") return "The sync needs your yes";
  if (job.state === "failed") return "The sync failed";
  if (job.state === "cancelled") return "The sync was cancelled";
  if (job.state === "running") return phases[job.phase ?? ""] ?? "Syncing";
  return job.state === "waiting" ? "The sync waits" : "Sync queued";
}

export function detail(job: JobHead): string {
  switch (job.state) {
    case "queued": return job.position && job.position > 1 ? `Number ${job.position} of your syncs. You can go on working.` : "It starts in a moment. You can go on working.";
    case "running": return job.total ? `${showCount(job.done ?? 0)} of ${showCount(job.total)} rows` : "You can go on working.";
    case "waiting": return waitText(job.reason);
    case "held": return `${rows(job.result?.held.length ?? 0)} would be deleted or emptied. Look at them first; everything else is done.`;
    case "failed": return sentence(job.error) || tabErrors(job.result) || "The reason is on its page.";
    case "cancelled": return "Nothing more is written.";
    case "succeeded": return counts(job.result);
  }
}

const rows = (n: number) => `${showCount(n)} ${n === 1 ? "row" : "rows"}`;
const isUnchanged = (r: JobResult) => r.added + r.updated + r.deleted === 0;
const tabErrors = (result: JobResult | null | undefined) =>
  Object.values(result?.tabs ?? {}).map(({ error }) => sentence(error)).filter(Boolean).join(" ");

// "12 added, 3 updated, 1 deleted", and what needs a look.
export function counts(result: JobResult | null | undefined): string {
  if (!result) return "";
  const main = `${showCount(result.added)} added, ${showCount(result.updated)} updated, ${showCount(result.deleted)} deleted`;
  const more: [number, string][] = [
    [result.rejected.length, "rejected"],
    [result.ambiguous.length, "ambiguous"],
    [result.notFound.length, "not found"],
    [result.overwritten, "cells overwritten"],
  ];
  const told = more.filter(([n]) => n > 0).map(([n, what]) => `${showCount(n)} ${what}`);
  const refused = tabErrors(result);
  return [main, ...told].join(", ") + (refused ? `. ${refused}` : "");
}
