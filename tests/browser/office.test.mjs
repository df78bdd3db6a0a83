// A day in the office: connections that break, long lists, people's own choices, the demo's walk.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { startDemo } from "../npm/support.mjs";
import { api, ask, enter, gridReady, openBrowser, openDemo, toastOf } from "./support.mjs";

const shows = (page, id, field, text, timeout = 15_000) =>
  page.waitForFunction(([i, f, s]) => document.querySelector(`[data-record="${i}"] [data-field="${f}"]`)?.textContent.startsWith(s), [id, field, text], { timeout });
const newest = async (root, user, limit = 1) => (await ask(root, user, "GET", `${api}/customers?limit=${limit}&sort=-created`)).body.customers;
const banner = (page) => page.getByText("Connection lost");

// A wire to the server that can be cut and mended.
async function openWire(t, root) {
  const { hostname, port } = new URL(root);
  const sockets = new Set();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(port, hostname);
    for (const [one, two] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(two);
      one.on("error", () => two.destroy());
      one.on("close", () => (sockets.delete(one), two.destroy()));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return { root: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (isCut = false) };
}

test("a stream cut for 10 s: a banner, a new connection, and every missed change is there", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const wire = await openWire(t, root);
  const page = await enter(t, await openBrowser(t), wire.root, 1);
  await gridReady(page);
  const records = await newest(root, 1, 20);
  const since = Date.now();
  wire.cut();
  await banner(page).waitFor();
  for (const [i, { id }] of records.entries()) assert.equal((await ask(root, 1, "PATCH", `${api}/customers/${id}`, { status: `missed ${i}` })).status, 200);
  const added = await ask(root, 1, "POST", `${api}/customers`, { name: "Came Meanwhile", vertical: "motor" });
  await page.waitForFunction((until) => Date.now() >= until, since + 10_000, { timeout: 15_000 }); // that is how long it is cut
  assert.ok(await banner(page).isVisible());
  wire.mend();
  await banner(page).waitFor({ state: "hidden", timeout: 20_000 });
  for (const [i, { id }] of records.entries()) await shows(page, id, "status", `missed ${i}`);
  await shows(page, added.body.id, "name", "Came Meanwhile");
});

test("where streams are held back, changes of rows come by polling, with who made them", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.route("**/api/events*", () => {}); // never answered, as by a proxy that gathers whole answers
  const page = await enter(t, browser, root, 1, { context });
  await gridReady(page);
  await banner(page).waitFor();
  const [{ id }] = await newest(root, 1);
  await ask(root, 11, "PATCH", `${api}/customers/${id}`, { status: "polled" });
  await shows(page, id, "status", "polled");
  await page.locator(`[data-record="${id}"]`).getByText("Changed by user11@demo.example").waitFor({ state: "attached" });
});

// The rows of a tab that have an id, by it.
async function rowsInSheet(root) {
  const rows = new Map();
  for (const tab of ["general_ins", "Life_ins"]) {
    const { body } = await ask(root, 11, "GET", `/local-sheets/v4/spreadsheets/demo-book/values/${tab}!A1:Z4000`);
    const at = body.values[0].indexOf("ROWLANE ID");
    for (const row of body.values.slice(1)) if (at >= 0 && row[at]) rows.set(row[at], JSON.stringify(row));
  }
  return rows;
}

test("the counts of the toast are what changed in the sheet", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const press = async (told) => {
    await page.keyboard.press("Alt+s");
    await toastOf(page).filter({ hasText: told }).waitFor({ timeout: 60_000 });
  };
  await press(/\d+ added/);
  const [one, two, three, four] = await newest(root, 1, 4);
  for (const { id } of [one, two, three]) await ask(root, 1, "PATCH", `${api}/customers/${id}`, { premium: 4_321.5 });
  await ask(root, 1, "DELETE", `${api}/customers/${four.id}`);
  for (const name of ["First New", "Second New"]) await ask(root, 1, "POST", `${api}/customers`, { name, vertical: "motor", current_policy_no: `N/${name}` });
  const before = await rowsInSheet(root);
  await press("2 added, 3 updated, 1 deleted");
  const after = await rowsInSheet(root);
  const inBoth = [...after.keys()].filter((id) => before.has(id));
  assert.deepEqual(
    { added: after.size - inBoth.length, updated: inBoth.filter((id) => before.get(id) !== after.get(id)).length, deleted: before.size - inBoth.length },
    { added: 2, updated: 3, deleted: 1 },
  );
});

test("names in Hindi are found, and the address keeps the search", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  for (const name of ["सुनीता शर्मा", "राजेश कुमार"]) await ask(root, 1, "POST", `${api}/customers`, { name, vertical: "health" });
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.keyboard.press("/");
  await page.keyboard.type("सुनीता");
  await page.getByText("1 record", { exact: true }).waitFor();
  assert.equal(await page.locator("[data-record] [data-field=name]").innerText(), "सुनीता शर्मा");
  await page.reload();
  await page.getByText("1 record", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Search customers").inputValue(), "सुनीता");
});

test("columns, theme and export are a person's own, and stay", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "E-mail" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Company", exact: true }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /Account/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  const isDark = () => page.evaluate(() => document.documentElement.classList.contains("dark") && getComputedStyle(document.body).backgroundColor === "rgb(17, 22, 22)");
  assert.ok(await isDark());
  await page.keyboard.press("Escape");
  await page.reload();
  await gridReady(page);
  assert.ok(await isDark());
  const headers = await page.getByRole("columnheader").allInnerTexts();
  assert.ok(headers.some((text) => text.includes("E-mail")) && !headers.some((text) => text.includes("Company")), headers.join());

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export" }).click();
  const lines = readFileSync(await (await download).path(), "utf8").trim().split(/\r?\n/);
  assert.equal(lines.length, 201, "a header and user1's 200 records");
  assert.match(lines[0], /(^|,)current_policy_no(,|$)/);
});

test("all that a filter finds is ticked, changed and taken back in few requests; a later edit stays", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  const [record] = await newest(root, 11);
  await page.locator("[data-record] input[type=checkbox]").first().check();
  await page.getByRole("button", { name: "Tick all 2,000" }).click();
  await page.getByText("2,000 ticked").waitFor();
  let requests = 0;
  page.on("request", (request) => request.method() !== "GET" && requests++);
  await page.getByRole("button", { name: "Set a field" }).click();
  await page.getByLabel("New value").fill("all of them");
  await page.getByRole("button", { name: "Set in 2,000" }).click();
  const told = toastOf(page).filter({ hasText: "Status set in 2,000 records" });
  await told.waitFor({ timeout: 60_000 });
  const count = async () => (await ask(root, 11, "GET", `${api}/customers?limit=1&status=all%20of%20them`)).body.total;
  assert.equal(await count(), 2_000);
  await ask(root, 11, "PATCH", `${api}/customers/${record.id}`, { status: "later" });
  await told.getByRole("button", { name: "Undo" }).click();
  const undone = toastOf(page).filter({ hasText: "The bulk edit is undone" });
  await undone.waitFor({ timeout: 60_000 });
  assert.match(await undone.innerText(), /one record moved on since/i);
  assert.equal(await count(), 0);
  await shows(page, record.id, "status", "later");
  assert.ok(requests <= 8, `${requests} requests`);
});

test("renewals due are added up by the server, however many there are", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const lines = Array.from({ length: 2_500 }, (_, i) => `Due ${i},motor,1000.25,2020-01-15,DUE/${i}`);
  assert.equal((await ask(root, 1, "POST", `${api}/customers/import`, `name,vertical,premium,renewal_date,current_policy_no\n${lines.join("\n")}\n`, { "content-type": "text/csv" })).status, 200);
  const page = await enter(t, await openBrowser(t), root, 1, { path: "/customers?due=overdue&search=DUE" });
  await gridReady(page);
  const span = page.getByRole("group", { name: "Renewals due" }).getByRole("button", { name: "Overdue" });
  await span.getByText("2,500", { exact: true }).waitFor();
  assert.match(await span.innerText(), /25,00,625\.00/);
});

test("a manager sees all lanes and whose each sync is; an agent its own", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  await Promise.all([1, 2, 3].map((user) => ask(root, user, "POST", `${api}/sync/to-sheet`, {})));
  const browser = await openBrowser(t);
  const manager = await enter(t, browser, root, 11, { path: "/sync" });
  const overview = manager.getByRole("region", { name: "Queue of the agency" });
  await overview.getByText("3 syncs ended in the last 24 hours").waitFor({ timeout: 60_000 });
  for (const user of [1, 2, 3]) await manager.getByRole("cell", { name: `user${user}@demo.example` }).waitFor();
  const agent = await enter(t, browser, root, 1, { path: "/sync" });
  await agent.getByRole("table").waitFor();
  assert.equal(await agent.getByText("user2@demo.example").count(), 0);
  assert.equal((await ask(root, 1, "GET", `${api}/sync/queue`)).body.ended.reduce((sum, { succeeded }) => sum + succeeded, 0), 1);
});

test("the demo's walk: ten users at once, people's columns, a killed server", { timeout: 180_000 }, async (t) => {
  const { root, data, stop } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.getByRole("button", { name: "Start the walk" }).click();
  await page.getByRole("button", { name: "Press for all ten" }).click();
  await page.getByText("10 of 10 taken").waitFor();
  const users = page.getByTestId("ten-users");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-testid=ten-users] li")].filter((one) => one.textContent.includes("Done")).length === 10, null, { timeout: 60_000 });
  assert.match(await users.innerText(), /[1-9]\d* added/);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("cell", { name: "=E2*0.18" }).waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  // What the walk tells to do by hand: presses, and a kill in the same breath.
  const queued = await Promise.all(Array.from({ length: 10 }, (_, i) => ask(root, i + 1, "POST", `${api}/sync/to-sheet`, {})));
  await stop("SIGKILL");
  await banner(page).waitFor();
  await startDemo(t, data, {}, new URL(root).host);
  await banner(page).waitFor({ state: "hidden", timeout: 60_000 });
  for (const { body } of queued) await page.waitForFunction((id) => [...document.querySelectorAll("[data-testid=ten-users] li")].some((one) => one.textContent.includes(`#${id}`) && one.textContent.includes("Done")), body.jobId, { timeout: 60_000 });
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await gridReady(page);
  assert.equal(await page.getByRole("button", { name: "Start the walk" }).count(), 0, "put away for good");
});
