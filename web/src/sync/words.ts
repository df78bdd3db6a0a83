// What a job is doing or has done, in plain words. Pure.
import type { Job, JobResult } from "../api/client";
import { sentence } from "../lib/text";
import { showCount, showMoney } from "../lib/format";
import type { Tone } from "../ui/tones";

// What is known of a job right after the press: the rest follows by events.
export type JobHead = Pick<Job, "id" | "state"> & Partial<Job>;
// The title of a tab, as people see it in the spreadsheet.
export type TitleOf = (tab: string) => string;
const asKey: TitleOf = (tab) => tab;

const waits: Record<string, string> = {
  quota: "Google allows only so many calls a minute. The sync goes on by itself in a moment.",
  retry: "Google did not answer. The sync tries again by itself.",
  full: "The spreadsheet has no room left: Google allows 10 million cells. Delete empty rows or columns; then press Try again.",
  not_shared: "The spreadsheet is not shared with Rowlane. Share it with the address on the Spreadsheet page, as an editor; then press Try again.",
  sheet_missing: "A tab of the spreadsheet is gone. Bring it back (File, Version history), or add a tab of its name; then press Try again.",
  paused: "Syncs of this spreadsheet are paused. Ask whoever runs the server.",
};
export const waitText = (reason: string | null | undefined) => waits[reason ?? ""] ?? "It waits for its turn.";

const phases: Record<string, string> = { reading: "Reading the sheet", planning: "Comparing", writing: "Writing to the sheet", verifying: "Checking what was written" };

const looks: Record<Job["state"], { tone: Tone; name: string }> = {
  queued: { tone: "info", name: "Queued" },
  running: { tone: "info", name: "Syncing" },
  waiting: { tone: "warn", name: "Waiting" },
  held: { tone: "warn", name: "Waiting for approval" },
  succeeded: { tone: "good", name: "Done" },
  failed: { tone: "bad", name: "Failed" },
  cancelled: { tone: "plain", name: "Cancelled" },
};

// A job's badge: one that left something out is done, but not green.
export function stateLook(job: JobHead, titleOf = asKey): { tone: Tone; name: string } {
  const missed = job.state === "succeeded" ? missedBy(job.result) : nothing;
  if (missed.rows > 0) return { tone: "warn", name: `Done, ${showCount(missed.rows)} left out` };
  if (missed.tabs.length > 0) return { tone: "warn", name: `Done, ${listed(missed.tabs.map(titleOf))} left out` };
  return looks[job.state];
}

type Listed = "rejected" | "ambiguous" | "held" | "notFound" | "notices";
// The full numbers of a result's rows: events and lists of jobs bring the first ones alone.
export function lengthOf(result: JobResult, list: Listed): number {
  const { lengths } = result as { lengths?: Partial<Record<Listed, number>> };
  return lengths?.[list] ?? result[list].length;
}
export const isWhole = (result: JobResult, list: Listed) => result[list].length >= lengthOf(result, list);

// What a sync that ended well has left out: so many rows, and whole tabs.
const nothing: { rows: number; tabs: string[] } = { rows: 0, tabs: [] };
export function missedBy(result: JobResult | null | undefined): typeof nothing {
  if (!result) return nothing;
  const tabs = Object.entries(result.tabs).filter(([, tab]) => !tab.success).map(([key]) => key);
  return { rows: lengthOf(result, "rejected") + lengthOf(result, "ambiguous"), tabs };
}
export function needsLook(job: JobHead): boolean {
  if (job.state === "held" || job.state === "failed" || job.state === "waiting") return true;
  const { rows, tabs } = missedBy(job.result);
  return rows + tabs.length > 0;
}

export function headline(job: JobHead, titleOf = asKey): string {
  if (job.state === "succeeded") {
    const { rows, tabs } = missedBy(job.result);
    if (tabs.length > 0) return `${listed(tabs.map(titleOf))} ${tabs.length === 1 ? "was" : "were"} not synced`;
    if (rows > 0) return "Synced, but not everything";
    return job.result && isUnchanged(job.result) ? "The sheet was up to date" : "The sheet is up to date";
  }
  if (job.state === "held") return "The sync needs your approval";
  if (job.state === "failed") return "The sync failed";
  if (job.state === "cancelled") return "The sync was cancelled";
  if (job.state === "running") return phases[job.phase ?? ""] ?? "Syncing";
  return job.state === "waiting" ? "The sync waits" : "Sync queued";
}

export function detail(job: JobHead, titleOf = asKey): string {
  switch (job.state) {
    case "queued": return job.position && job.position > 1 ? `Number ${job.position} of your syncs. You can go on working.` : "It starts in a moment. You can go on working.";
    case "running": return job.total ? `${showCount(job.done ?? 0)} of ${showCount(job.total)} rows` : "You can go on working.";
    case "waiting": return waitText(job.reason);
    case "held": return job.result ? `${heldText(job.result)}. Look at them first; everything else is done.` : "";
    case "failed": return sentence(job.error) || tabErrors(job.result, titleOf) || "The reason is on its page.";
    case "cancelled": return cancelledText(job.result);
    case "succeeded": return counts(job.result, titleOf);
  }
}

export const rowCount = (n: number) => `${showCount(n)} ${n === 1 ? "row" : "rows"}`;
const listed = (names: string[]) => names.join(" and ");
const isUnchanged = (r: JobResult) => r.added + r.updated + r.deleted === 0;
const tabErrors = (result: JobResult | null | undefined, titleOf: TitleOf) =>
  Object.entries(result?.tabs ?? {}).filter(([, { error }]) => error).map(([tab, { error }]) => `${titleOf(tab)}: ${sentence(error)}`).join(" ");
function cancelledText(result: JobResult | null | undefined) {
  const held = result ? lengthOf(result, "held") : 0;
  if (held === 0) return "Nothing more is written.";
  return held === 1 ? "The row stays in the sheet, and its record is back." : `${rowCount(held)} stay in the sheet, and their records are back.`;
}

// --- Rows that were held back ---

type Held = JobResult["held"][number];
// "90 rows, premium in all ₹ 40,00,000.00": the sum only where each row tells its amount.
export function heldSum(rows: Held[]): string {
  const amounts = rows.map(({ cells }) => cells.find(({ field }) => field === "premium")?.from);
  const known = amounts.filter((amount) => typeof amount === "number");
  const sum = known.length === 0 ? "" : `, premium in all ₹ ${showMoney(known.reduce((all, amount) => all + amount, 0))}`;
  return rowCount(rows.length) + sum;
}
const of = (rows: Held[], what: Held["what"]) => rows.filter((row) => row.what === what).length;

function heldText(result: JobResult): string {
  const all = lengthOf(result, "held");
  const would = all === 1 ? "1 row would" : `${showCount(all)} rows would`;
  if (!isWhole(result, "held")) return `${would} be deleted or emptied`;
  const [deleted, blanked] = [of(result.held, "delete"), of(result.held, "blank")];
  if (deleted === 0) return `In ${rowCount(blanked)} cells would be emptied`;
  return blanked === 0 ? `${would} be deleted` : `${rowCount(deleted)} would be deleted, and cells emptied in ${rowCount(blanked)}`;
}

// What the button that says yes does: "Delete 90 rows in the sheet".
export function approveText(result: JobResult | null | undefined): string {
  if (!result || !isWhole(result, "held") || result.held.length === 0) return "Go on";
  const [deleted, blanked] = [of(result.held, "delete"), of(result.held, "blank")];
  if (blanked === 0) return `Delete ${rowCount(deleted)} in the sheet`;
  return deleted === 0 ? `Empty cells in ${rowCount(blanked)}` : `Delete ${rowCount(deleted)}, empty cells in ${showCount(blanked)}`;
}

// What has become of rows that were held back.
export function heldOutcome(state: Job["state"]): string {
  if (state === "held") return "So many rows at once are deleted or emptied only with your approval. Everything else of this sync is done.";
  if (state === "cancelled") return "Not approved: these rows stayed in the sheet, and their records were put back.";
  if (state === "succeeded" || state === "failed") return "Approved: these rows were deleted or emptied, but for those that had changed meanwhile.";
  return "Approved: they follow in a moment.";
}

// "12 added, 3 updated, 1 deleted", and what needs a look.
export function counts(result: JobResult | null | undefined, titleOf = asKey): string {
  if (!result) return "";
  const main = `${showCount(result.added)} added, ${showCount(result.updated)} updated, ${showCount(result.deleted)} deleted`;
  const more: [number, string][] = [
    [lengthOf(result, "rejected"), "rejected"],
    [lengthOf(result, "ambiguous"), "ambiguous"],
    [lengthOf(result, "notFound"), "not found"],
    [result.overwritten, "cells overwritten"],
  ];
  const told = more.filter(([n]) => n > 0).map(([n, what]) => `${showCount(n)} ${what}`);
  const refused = tabErrors(result, titleOf);
  return [main, ...told].join(", ") + (refused ? `. ${refused}` : "");
}
