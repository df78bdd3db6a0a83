import { expect, test } from "vitest";
import type { JobResult } from "../api/client";
import { counts, detail, headline, waitText } from "./words";

const result = { success: true, exported: 9, added: 2, updated: 1, deleted: 0, imported: 0, kept: 4, overwritten: 0, conflicts: 0, drafts: 0, rejected: [], ambiguous: [], held: [], notFound: [], notices: [], lengths: { rejected: 0, ambiguous: 0, held: 0, notFound: 0, notices: 0 }, calls: { reads: 1, writes: 1 }, tabs: {} } as JobResult;
const tab = { ...result, error: null as string | null };

test("a job is told from queued to its counts", () => {
  expect(headline({ id: "1", state: "queued", position: 3 })).toBe("Sync queued");
  expect(detail({ id: "1", state: "queued", position: 3 })).toContain("Number 3");
  expect(detail({ id: "1", state: "running", phase: "writing", done: 1234, total: 123456 })).toBe("1,234 of 1,23,456 rows");
  expect(headline({ id: "1", state: "running", phase: "writing" })).toBe("Writing to the sheet");
  expect(detail({ id: "1", state: "succeeded", result })).toBe("2 added, 1 updated, 0 deleted");
  expect(headline({ id: "1", state: "succeeded", result: { ...result, added: 0, updated: 0 } })).toBe("The sheet was up to date");
});

test("what needs a look is counted, a refused tab gives its reason", () => {
  const rejected = [{ tab: "general", row: 4, field: "premium", reason: "no amount" }];
  expect(counts({ ...result, rejected })).toContain("1 rejected");
  expect(headline({ id: "1", state: "succeeded", result: { ...result, rejected } })).toBe("Synced, but not everything");
  expect(counts({ ...result, tabs: { life: { ...tab, success: false, error: "two columns are named NAME" } } })).toContain("Two columns are named NAME.");
  expect(detail({ id: "1", state: "failed", error: "all tabs were refused" })).toBe("All tabs were refused.");
});

test("every reason to wait says what happens or what to do", () => {
  const all = ["quota", "retry", "not_shared", "sheet_missing", "paused"].map(waitText);
  expect(new Set(all).size).toBe(5);
  expect(detail({ id: "1", state: "waiting", reason: "not_shared" })).toContain("Share it");
});
