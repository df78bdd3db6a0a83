import { expect, test } from "vitest";
import type { JobResult } from "../api/client";
import { approveText, counts, detail, headline, heldSum, needsLook, stateLook, waitText } from "./words";

const result = { success: true, exported: 9, added: 2, updated: 1, deleted: 0, imported: 0, kept: 4, overwritten: 0, conflicts: 0, drafts: 0, rejected: [], ambiguous: [], held: [], notFound: [], notices: [], lengths: { rejected: 0, ambiguous: 0, held: 0, notFound: 0, notices: 0 }, calls: { reads: 1, writes: 1 }, tabs: {} } as JobResult;
const tab = { ...result, error: null as string | null };
// As the server sends one: `lengths` are those of the lists, unless these are cut.
const sized = (more: Partial<Omit<JobResult, "lengths">> & { lengths?: object }) => {
  const all = { ...result, ...more };
  const { rejected, ambiguous, held, notFound, notices } = all;
  const lengths = { rejected: rejected.length, ambiguous: ambiguous.length, held: held.length, notFound: notFound.length, notices: notices.length };
  return { ...all, lengths: { ...lengths, ...more.lengths } } as JobResult;
};
const done = (more: Parameters<typeof sized>[0]) => ({ id: "1", state: "succeeded" as const, result: sized(more) });
const titleOf = (key: string) => `${key}_ins`;

test("a job is told from queued to its counts", () => {
  expect(headline({ id: "1", state: "queued", position: 3 })).toBe("Sync queued");
  expect(detail({ id: "1", state: "queued", position: 3 })).toContain("Number 3");
  expect(detail({ id: "1", state: "running", phase: "writing", done: 1234, total: 123456 })).toBe("1,234 of 1,23,456 rows");
  expect(headline({ id: "1", state: "running", phase: "writing" })).toBe("Writing to the sheet");
  expect(detail({ id: "1", state: "succeeded", result })).toBe("2 added, 1 updated, 0 deleted");
  expect(headline({ id: "1", state: "succeeded", result: { ...result, added: 0, updated: 0 } })).toBe("The sheet was up to date");
  expect(stateLook(done({}))).toEqual({ tone: "good", name: "Done" });
});

test("a sync that left something out is amber, says how many, and wants a look", () => {
  const rejected = [{ tab: "general", row: 4, field: "premium", reason: "no amount" }];
  const job = done({ rejected });
  expect(counts(job.result)).toContain("1 rejected");
  expect(headline(job)).toBe("Synced, but not everything");
  expect(stateLook(job)).toEqual({ tone: "warn", name: "Done, 1 left out" });
  expect(needsLook(job)).toBe(true);
  // Events bring the first rows of a list, and its full length.
  expect(stateLook(done({ rejected, lengths: { rejected: 412, ambiguous: 3 } })).name).toBe("Done, 415 left out");
  expect(needsLook(done({}))).toBe(false);
});

test("a refused tab is named with its reason, whatever else was done", () => {
  const job = done({ tabs: { general: tab, life: { ...tab, success: false, error: "two columns are named NAME" } } });
  expect(stateLook(job, titleOf)).toEqual({ tone: "warn", name: "Done, life_ins left out" });
  expect(headline(job, titleOf)).toBe("life_ins was not synced");
  expect(detail(job, titleOf)).toContain("life_ins: Two columns are named NAME.");
  expect(needsLook(job)).toBe(true);
  expect(detail({ id: "1", state: "failed", error: "all tabs were refused" })).toBe("All tabs were refused.");
});

test("rows that are held say what is at stake, and the button what it does", () => {
  const row = (what: "delete" | "blank", premium?: number) => ({
    tab: "general", row: 4, record: "r", name: "Asha", side: "sheet" as const, what,
    cells: premium === undefined ? [] : [{ field: "premium", header: "AMOUNT", from: premium, to: null }],
  });
  const held = [row("delete", 25_00_000), row("delete", 15_00_000)];
  expect(heldSum(held)).toBe("2 rows, premium in all ₹ 40,00,000.00");
  expect(heldSum([row("delete")])).toBe("1 row");
  expect(approveText(sized({ held }))).toBe("Delete 2 rows in the sheet");
  expect(approveText(sized({ held: [row("blank", 5)] }))).toBe("Empty cells in 1 row");
  expect(approveText(sized({ held: [...held, row("blank", 5)] }))).toBe("Delete 2 rows, empty cells in 1");
  expect(detail({ id: "1", state: "held", result: sized({ held }) })).toContain("2 rows would be deleted.");
  const cut = sized({ held, lengths: { held: 90 } });
  expect(detail({ id: "1", state: "held", result: cut })).toContain("90 rows would be deleted or emptied.");
  expect(detail({ id: "1", state: "cancelled", result: cut })).toBe("90 rows stay in the sheet, and their records are back.");
});

test("every reason to wait says what happens or what to do", () => {
  const all = ["quota", "retry", "full", "not_shared", "sheet_missing", "paused"].map(waitText);
  expect(new Set(all).size).toBe(6);
  expect(detail({ id: "1", state: "waiting", reason: "not_shared" })).toContain("Share it");
});
