// What the page says of syncs is so, and said at once: waits, tabs that were refused, rows that were held back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { jobWhenDone, kPassword } from "../npm/support.mjs";
import { api, ask, call, enter, gridReady, openBrowser, openDemo, openWired, toastOf } from "./support.mjs";

const pressed = async (root, user) =>
  jobWhenDone(root, `token_user_${user}`, (await ask(root, user, "POST", `${api}/sync/to-sheet`, {})).body.jobId);
const isSpinning = (page) => page.locator("header button[data-lane] .animate-spin").count();

for (const [status, told, reason] of [[403, /not shared/, /Share/], [429, /so many calls a minute/, /so many calls/], [500, /did not answer/, /did not answer/]])
  test(`a sync that Google answers with ${status} says at once that it waits, and why`, { timeout: 120_000 }, async (t) => {
    const { server, wire, user } = await openWired(t);
    assert.equal((await call(server.root, user.token, "POST", `${api}/customers`, { name: "Asha", vertical: "motor" })).status, 201);
    const page = await enter(t, await openBrowser(t), server.root, { email: user.email, password: kPassword });
    await gridReady(page);
    // Nothing but events can tell it: the page looks for a job by itself only after five seconds of silence.
    wire.refuses = status;
    await page.keyboard.press("Alt+s");
    await toastOf(page).filter({ hasText: told }).waitFor({ timeout: 4_000 });
    await page.locator("header button[data-lane=waiting]").waitFor();
    assert.equal(await isSpinning(page), 0);
    await page.getByRole("link", { name: "Spreadsheet" }).click();
    await page.getByRole("region", { name: "State" }).getByText(reason).first().waitFor();
    wire.refuses = 0;
    if (status === 429) return; // that wait ends with the minute, and no press makes it shorter
    await page.getByRole("link", { name: "Syncs" }).click();
    await page.getByRole("button", { name: "Try again" }).click();
    await toastOf(page).filter({ hasText: "up to date" }).waitFor({ timeout: 60_000 });
    await page.getByRole("link", { name: "Spreadsheet" }).click();
    await page.getByRole("region", { name: "State" }).getByText("At rest").waitFor();
  });

test("a sync with a refused tab is no success: amber, with the tab and the reason, until it is closed", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  assert.equal((await pressed(root, 1)).state, "succeeded");
  // Somebody deletes the header row.
  const { body: book } = await ask(root, 11, "GET", "/local-sheets/v4/spreadsheets/demo-book");
  const { sheetId } = book.sheets.map(({ properties }) => properties).find(({ title }) => title === "general_ins");
  const range = { sheetId, dimension: "ROWS", startIndex: 0, endIndex: 1 };
  const gone = await ask(root, 11, "POST", "/local-sheets/v4/spreadsheets/demo-book:batchUpdate", { requests: [{ deleteDimension: { range } }] });
  assert.equal(gone.status, 200, gone.text);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.keyboard.press("Alt+s");
  const toast = toastOf(page).filter({ hasText: "general_ins was not synced" });
  await toast.waitFor({ timeout: 30_000 });
  assert.equal(await toast.getAttribute("data-type"), "warning");
  assert.match(await toast.innerText(), /general_ins: .+\./);
  await toast.getByRole("button", { name: "Review" }).click();
  await page.getByText("Done, general_ins left out").waitFor();
  await page.getByRole("link", { name: "Syncs", exact: true }).click();
  const badge = page.getByRole("table").getByText("Done, general_ins left out");
  await badge.waitFor();
  assert.match(await badge.getAttribute("class"), /warn/);
});

test("held rows: a badge leads to them, they show what is at stake, and both answers say what they do", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  await pressed(root, 11);
  const hold = async () => {
    const { body } = await ask(root, 2, "GET", `${api}/customers?limit=90`);
    await ask(root, 2, "DELETE", `${api}/customers`, { ids: body.customers.map(({ id }) => id) });
    const job = await pressed(root, 2);
    assert.equal(job.state, "held");
    return job;
  };
  const job = await hold();
  const n = job.result.held.length; // of the 90 those of a tab that lost too many
  const page = await enter(t, await openBrowser(t), root, 2);
  await gridReady(page);
  const badge = page.getByRole("navigation", { name: "Pages" }).getByText("1 waiting for approval");
  await badge.waitFor();
  // Another sync meanwhile says that these rows still wait.
  await page.keyboard.press("Alt+s");
  await toastOf(page).filter({ hasText: "still wait for approval" }).waitFor({ timeout: 30_000 });
  await badge.click();
  await page.getByText("A sync is waiting for approval").waitFor();
  assert.equal(await page.getByRole("button", { name: /Delete|Go on/ }).count(), 0, "nothing is approved from the list");
  await page.getByRole("link", { name: /^Review/ }).click();
  await page.getByRole("heading", { name: new RegExp(`Held back: ${n} rows`) }).waitFor();
  const row = page.getByRole("region", { name: /Held back/ }).getByRole("row").nth(1);
  if (job.result.held[0].cells.length > 0) {
    await page.getByRole("heading", { name: /premium in all ₹/ }).waitFor();
    assert.match(await row.innerText(), /\d\.\d\d/, "its premium");
  }
  await page.getByRole("button", { name: "Keep the rows" }).click();
  await page.getByText(`${n} rows stay in the sheet, and their records are back.`).first().waitFor();
  await toastOf(page).filter({ hasText: `${n} rows stay in the sheet` }).waitFor();
  await page.getByText("Not approved").waitFor();
  await badge.waitFor({ state: "hidden" });
  assert.equal((await ask(root, 2, "GET", `${api}/customers?limit=1`)).body.total, 200 - 90 + n);

  const again = await hold();
  await badge.waitFor();
  await badge.click();
  await page.getByRole("link", { name: /^Review/ }).click();
  await page.getByRole("button", { name: `Delete ${again.result.held.length} rows in the sheet` }).click();
  await toastOf(page).filter({ hasText: " deleted" }).waitFor({ timeout: 60_000 });
});
