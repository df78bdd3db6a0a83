// A press of Sync as an office worker sees it: nothing reloads, nothing moves, the counts are right.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startDemo } from "../npm/support.mjs";
import { api, ask, cell, countNavigations, enter, gridReady, openBrowser, openDemo, toastOf } from "./support.mjs";

const done = (page) => toastOf(page).filter({ hasText: "up to date" }).first().waitFor({ timeout: 60_000 });

// The ids that stand in the sheet: the column is found by its header.
async function idsInSheet(root) {
  const ids = [];
  for (const tab of ["general_ins", "Life_ins"]) {
    const { body } = await ask(root, 11, "GET", `/local-sheets/v4/spreadsheets/demo-book/values/${tab}!A1:Z4000`);
    const rows = body.values ?? [];
    const at = rows[0]?.indexOf("ROWLANE ID") ?? -1;
    if (at >= 0) ids.push(...rows.slice(1).map((row) => row[at]).filter(Boolean));
  }
  return ids;
}

test("from the click to the counts: no navigation, one toast, its counts are the sheet's", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  const navigations = await countNavigations(page);
  const before = (await idsInSheet(root)).length;
  const since = Date.now();
  await page.getByRole("button", { name: "Sync" }).click();
  await toastOf(page).first().waitFor();
  const shown = Date.now() - since;
  await done(page);
  assert.equal(await toastOf(page).count(), 1);
  const { body } = await ask(root, 11, "GET", `${api}/sync/jobs?limit=1`);
  const { result } = body.jobs[0];
  const text = await toastOf(page).innerText();
  assert.ok(text.includes(`${new Intl.NumberFormat("en-IN").format(result.added)} added, ${new Intl.NumberFormat("en-IN").format(result.updated)} updated, ${result.deleted} deleted`), text);
  const after = await idsInSheet(root);
  assert.equal(new Set(after).size, after.length, "no id twice");
  assert.equal(after.length - before, result.exported, "every exported record has its row");
  assert.equal(await navigations(), 0);
  assert.ok(shown < 2_000, `the toast took ${shown} ms`);
});

test("scroll, ticks, half-typed text, caret and focus stay through a sync and an event on that very row", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  const grid = page.getByTestId("grid");
  await grid.evaluate((element) => element.scrollTo({ top: 5_000 }));
  await page.waitForFunction(() => document.querySelector('[data-record][aria-rowindex="160"]') && !document.querySelector("[data-loading]"));
  const ids = await page.locator("[data-record]").evaluateAll((rows) => rows.filter((row) => row.getBoundingClientRect().top > 300).map((row) => row.dataset.record));
  for (const id of ids.slice(0, 2)) await page.locator(`[data-record="${id}"] input[type=checkbox]`).check();
  const edited = ids[4];
  await cell(page, edited, "status").dblclick();
  const input = cell(page, edited, "status").locator("input");
  await input.fill("half-typed");
  await input.evaluate((element) => element.setSelectionRange(4, 4));
  const top = await grid.evaluate((element) => element.scrollTop);

  await page.keyboard.press("Alt+s");
  await ask(root, 11, "PATCH", `${api}/customers/${edited}`, { company: "Changed elsewhere" });
  await page.waitForFunction((id) => document.querySelector(`[data-record="${id}"] [data-field="company"]`)?.textContent === "Changed elsewhere", edited);
  await done(page);
  await page.waitForFunction((id) => /Synced|Unsynced/.test(document.querySelector(`[data-record="${id}"]`)?.textContent ?? ""), edited);

  assert.equal(await input.inputValue(), "half-typed");
  assert.deepEqual(await input.evaluate((element) => [element.selectionStart, document.activeElement === element]), [4, true]);
  assert.equal(await grid.evaluate((element) => element.scrollTop), top);
  assert.match(await page.getByRole("region", { name: "Ticked records" }).innerText(), /2 ticked/);
  // The row shows the new text at once; it is kept when an answer says so (the first may be 412: another field changed).
  const kept = page.waitForResponse((response) => response.request().method() === "PATCH" && response.url().includes(edited) && response.status() === 200);
  await input.press("Enter");
  await page.waitForFunction((id) => document.querySelector(`[data-record="${id}"] [data-field="status"]`)?.textContent === "half-typed", edited);
  await kept;
  assert.equal((await ask(root, 11, "GET", `${api}/customers/${edited}`)).body.status, "half-typed");
});

test("kill -9 in mid-sync and restart: the page connects again, the job ends, no row twice", { timeout: 240_000 }, async (t) => {
  const { root, stop, data } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  const navigations = await countNavigations(page);
  await page.getByRole("button", { name: "Sync" }).click();
  await toastOf(page).first().waitFor();
  await stop("SIGKILL");
  await page.getByText("Connection lost").waitFor();
  await startDemo(t, data, {}, new URL(root).host);
  await page.getByText("Connection lost").waitFor({ state: "hidden", timeout: 60_000 });
  await done(page);
  const ids = await idsInSheet(root);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(await navigations(), 0);
});

test("a second press while one is queued gets a toast of its own, and both end", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const button = page.getByRole("button", { name: "Sync" });
  await button.click();
  await button.click();
  await page.waitForFunction(() => document.querySelectorAll("[data-sonner-toast][data-type=success]").length === 2, null, { timeout: 60_000 });
});
