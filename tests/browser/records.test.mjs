// Records in the browser: edits, other people's edits, import, strings that look like scripts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, ask, cell, endSessionBefore, enter, gridReady, openBrowser, openDemo, signIn, toastOf } from "./support.mjs";

const firstOf = async (root, user) => (await ask(root, user, "GET", `${api}/customers?limit=1&sort=-created`)).body.customers[0];
const showsIn = (page, id, field, text, timeout = 10_000) =>
  page.waitForFunction(([i, f, s]) => document.querySelector(`[data-record="${i}"] [data-field="${f}"]`)?.textContent === s, [id, field, text], { timeout });

test("two browsers see each other's edit within a second", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  const [one, two] = [await enter(t, browser, root, 1), await enter(t, browser, root, 11, { path: "/customers?owner=user1%40demo.example" })];
  await Promise.all([gridReady(one), gridReady(two)]);
  const { id } = await firstOf(root, 1);
  await cell(one, id, "premium").dblclick();
  await one.keyboard.press("Control+a");
  await one.keyboard.type("1,23,456.5");
  const since = Date.now();
  await one.keyboard.press("Enter");
  await showsIn(two, id, "premium", "1,23,456.50", 3_000);
  assert.ok(Date.now() - since < 1_000, `${Date.now() - since} ms`);
  assert.match(await two.locator(`[data-record="${id}"]`).innerText(), /changed/i);
});

test("an edit that somebody else overtook is rolled back by itself; a later one of another field stays", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const { id } = await firstOf(root, 1);
  await cell(page, id, "status").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("mine");
  await ask(root, 1, "PATCH", `${api}/customers/${id}`, { status: "theirs" });
  await page.getByText("while you type").waitFor();
  await page.keyboard.press("Enter");
  await toastOf(page).filter({ hasText: "Somebody else changed Status first" }).waitFor();
  await showsIn(page, id, "status", "theirs");
  await cell(page, id, "company").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Kept Company");
  // The cell shows an edit before the server has it.
  const saved = page.waitForResponse((answer) => answer.request().method() === "PATCH");
  await page.keyboard.press("Enter");
  assert.equal((await saved).status(), 200);
  await showsIn(page, id, "company", "Kept Company");
  const { body } = await ask(root, 1, "GET", `${api}/customers/${id}`);
  assert.deepEqual([body.status, body.company], ["theirs", "Kept Company"]);
});

test("what is typed is understood in Indian formats, and what is not is told and changes nothing", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const { id } = await firstOf(root, 1);
  await cell(page, id, "renewal_date").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("31/2/26");
  await page.keyboard.press("Enter");
  await page.getByText("Type a date like").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("9/3/26");
  await page.keyboard.press("Enter");
  await showsIn(page, id, "renewal_date", "09/03/2026");
  await page.waitForFunction(async (url) => (await (await fetch(url)).json()).renewal_date === "2026-03-09", `${api}/customers/${id}`);
});

test("an import with bad lines changes nothing until it is confirmed", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const total = async () => (await ask(root, 1, "GET", `${api}/customers?limit=1`)).body.total;
  const before = await total();
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByLabel("File").setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("name,vertical\nGood One,motor\nBad One,boat\nGood Two,life\n") });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("cell", { name: "3", exact: true }).waitFor();
  assert.match(await dialog.innerText(), /To add\s*2/);
  assert.equal(await total(), before);
  await dialog.getByRole("button", { name: "Import the 2 good lines" }).click();
  await toastOf(page).filter({ hasText: "Imported" }).waitFor();
  assert.equal(await total(), before + 2);
});

test("a bulk edit over scrolled ticks is undone, a deletion too", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const { body } = await ask(root, 1, "GET", `${api}/customers?limit=3&sort=-created`);
  const records = body.customers;
  for (const { id } of records) await page.locator(`[data-record="${id}"] input[type=checkbox]`).check();
  await page.getByTestId("grid").evaluate((element) => element.scrollTo({ top: 3_000 }));
  await page.getByRole("button", { name: "Set a field" }).click();
  await page.getByLabel("New value").fill("bulk");
  await page.getByRole("button", { name: "Set in 3" }).click();
  const now = () => Promise.all(records.map(async ({ id }) => (await ask(root, 1, "GET", `${api}/customers/${id}`)).body.status ?? null));
  await toastOf(page).filter({ hasText: "Status set in 3 records" }).waitFor();
  assert.deepEqual(await now(), ["bulk", "bulk", "bulk"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await toastOf(page).filter({ hasText: "The bulk edit is undone" }).waitFor();
  assert.deepEqual(await now(), records.map(({ status }) => status));
  await page.getByRole("region", { name: "Ticked records" }).getByRole("button", { name: "Delete" }).click();
  const deleted = toastOf(page).filter({ hasText: "3 records deleted" });
  await deleted.waitFor();
  await deleted.getByRole("button", { name: "Undo" }).click();
  await toastOf(page).filter({ hasText: "3 records are back" }).waitFor();
  for (const { id } of records) assert.equal((await ask(root, 1, "GET", `${api}/customers/${id}`)).status, 200);
});

test("script strings in every text field are shown as text", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const marks = ["<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "javascript:window.hit=1", "\"><svg/onload=window.hit=1>", "{{constructor.constructor('window.hit=1')()}}", "${window.hit=1}", "<iframe srcdoc='<script>parent.hit=1</script>'>", "'-window.hit=1-'", "<a href=javascript:window.hit=1>x</a>", "\u202e<style>*{display:none}</style>"];
  const strings = Array.from({ length: 50 }, (_, i) => `${i} ${marks[i % marks.length]}`);
  const texts = ["name", "mobile_number", "email", "current_policy_no", "company", "registration_no", "status", "notes"];
  for (const [i, text] of strings.entries()) {
    const fields = Object.fromEntries(texts.map((name) => [name, text]));
    assert.equal((await ask(root, 1, "POST", `${api}/customers`, { ...fields, current_policy_no: `${text} ${i}`, vertical: "motor" })).status, 201);
  }
  const page = await enter(t, await openBrowser(t), root, 1, { height: 2400 });
  await page.evaluate(() => document.addEventListener("securitypolicyviolation", () => (window.violated = true)));
  for (const text of strings) await page.locator("[data-field=name]").getByText(text, { exact: true }).waitFor();
  await page.locator("[data-field=name] button").first().click();
  await page.getByRole("dialog").getByText("History", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Name *", { exact: true }).inputValue(), strings.at(-1));
  await page.keyboard.press("Escape");
  await page.goto(`${root}/activity`);
  await page.getByRole("table").waitFor();
  assert.deepEqual(await page.evaluate(() => [window.hit, window.violated]), [undefined, undefined]);
});

test("one changed row renders one row; at most 60 row nodes exist", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  assert.ok((await page.locator("[data-record]").count()) <= 60);
  const id = await page.locator("[data-record]").nth(5).getAttribute("data-record");
  await page.evaluate(() => (window.rowRenders = new Map()));
  await ask(root, 11, "PATCH", `${api}/customers/${id}`, { status: "rendered" });
  await showsIn(page, id, "status", "rendered");
  assert.deepEqual(await page.evaluate(() => [...window.rowRenders.keys()]), [id]);
});

test("tabs of one browser share one stream, and another takes over when its tab closes", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const first = await enter(t, await openBrowser(t), root, 1);
  await gridReady(first);
  const second = await first.context().newPage();
  let streams = 0;
  second.on("request", (request) => request.url().includes("/api/events") && streams++);
  await second.goto(`${root}/customers`);
  await gridReady(second);
  const { id } = await firstOf(root, 1);
  await ask(root, 1, "PATCH", `${api}/customers/${id}`, { status: "shared" });
  for (const page of [first, second]) await showsIn(page, id, "status", "shared");
  assert.equal(streams, 0, "the second tab has no stream of its own");
  const taken = second.waitForRequest((request) => request.url().includes("/api/events"));
  await first.close();
  await taken;
  await ask(root, 1, "PATCH", `${api}/customers/${id}`, { status: "taken over" });
  await showsIn(second, id, "status", "taken over");
});

test("the first rows stand before the grid can be used, and it takes them over where they are", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  for (const [width, height] of [[1440, 900], [360, 740]]) {
    const page = await enter(t, browser, root, 11, { width, height });
    await gridReady(page);
    await page.getByText("This is the demo.").waitFor();
    // The program waits until the first rows have been looked at.
    let goOn = () => {};
    const looked = new Promise((resolve) => (goOn = resolve));
    await page.exposeFunction("looked", () => goOn());
    await page.route("**/assets/app-*.js", async (route) => {
      await looked;
      await route.continue();
    });
    await page.addInitScript(() => {
      const stand = () => [...document.querySelectorAll("[data-record]")].map((row) => [row, row.innerText, row.getBoundingClientRect().toJSON()]);
      const look = new MutationObserver(() => {
        if (!document.querySelector("[data-record]")) return;
        look.disconnect();
        requestAnimationFrame(() => {
          window.early = { hadGrid: document.querySelector("[data-testid=grid]") !== null, rows: stand() };
          window.looked();
        });
        window.moved = () => {
          const now = new Map(stand().map(([row, ...rest]) => [row, JSON.stringify(rest)]));
          return window.early.rows.filter(([row, ...rest]) => now.get(row) !== JSON.stringify(rest)).map(([, text]) => text);
        };
      });
      look.observe(document, { childList: true, subtree: true });
    });
    const asked = [];
    page.on("request", (request) => {
      if (request.isNavigationRequest()) asked.length = 0; // what the page before asked for
      asked.push(request.url().slice(root.length));
    });
    await page.goto(`${root}/customers`);
    await gridReady(page);
    await page.getByText("This is the demo.").waitFor();
    const { hadGrid, count, moved } = await page.evaluate(() => ({ hadGrid: window.early.hadGrid, count: window.early.rows.length, moved: window.moved() }));
    assert.deepEqual({ hadGrid, moved }, { hadGrid: false, moved: [] }, `${width} px`);
    assert.ok(count >= 10, `${count} rows`);
    // What was asked for early is not asked for again, until the stream of events tells that the page has joined it.
    // (The page before may ask on while it is being left.)
    const early = asked.slice(asked.findIndex((one) => one.startsWith("/assets/first-")), asked.findIndex((one) => one.startsWith("/api/events")));
    for (const once of ["/api/auth/me", "offset=0"]) assert.ok(early.filter((one) => one.includes(once)).length <= 1, early.join(" "));
    await page.context().close();
  }
});

test("1,000 changes out of sight render no row", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  const { body } = await ask(root, 11, "GET", `${api}/customers?limit=200&offset=1000&sort=-created`);
  const last = await page.locator("[data-record]").nth(3).getAttribute("data-record");
  await page.evaluate(() => (window.rowRenders = new Map()));
  for (let i = 0; i < 5; i++)
    for (let at = 0; at < 200; at += 50) await ask(root, 11, "PATCH", `${api}/customers`, { ids: body.customers.slice(at, at + 50).map(({ id }) => id), set: { status: `round ${i}` } });
  await ask(root, 11, "PATCH", `${api}/customers/${last}`, { status: "last" });
  await showsIn(page, last, "status", "last");
  assert.deepEqual(await page.evaluate(() => [...window.rowRenders.keys()]), [last]);
});

test("an ended session comes back to the same place after signing in", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1, { path: "/customers?view=motor&sort=-premium" });
  await gridReady(page);
  await endSessionBefore(page, () => page.getByRole("link", { name: "Activity" }).click());
  await signIn(page, 1);
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await page.goBack();
});

test("signing out takes other tabs along at once, and nothing of one person stays for the next", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.locator("[data-record] input[type=checkbox]").first().check();
  await page.getByText("1 ticked").waitFor();
  const other = await page.context().newPage();
  await other.goto(`${root}/customers`);
  await gridReady(other);
  await page.locator("header button[aria-label^=Account]").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await Promise.all([page, other].map((one) => one.getByLabel("Password").waitFor({ timeout: 2_000 })));
  await signIn(page, 2);
  await gridReady(page);
  assert.equal(await page.getByText("1 ticked").count(), 0);
});

test("ticks are of one filter, and Back takes a view back", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.locator("[data-record] input[type=checkbox]").first().check();
  await page.getByText("1 ticked").waitFor();
  await page.getByRole("navigation", { name: "Saved views" }).getByRole("button", { name: "Motor", exact: true }).click();
  await page.waitForURL(/view=motor/);
  await page.getByText("1 ticked").waitFor({ state: "hidden" });
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("view="));
  await gridReady(page);
});

test("a letter chooses, and what cannot be read is not thrown away by another cell", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const [first, , , , second] = await page.locator("[data-record]").evaluateAll((rows) => rows.map((row) => row.dataset.record));
  const choice = cell(page, first, "vertical");
  await choice.dblclick();
  await page.keyboard.press("Escape");
  await page.keyboard.press("h");
  assert.equal(await choice.locator("select").inputValue(), "health");
  await page.keyboard.press("Escape");

  await cell(page, first, "premium").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("many");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await cell(page, second, "premium").dblclick();
  assert.equal(await cell(page, first, "premium").locator("input").inputValue(), "many");
});

test("a record that somebody deletes while its cell is typed into: what was typed is told", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const id = await page.locator("[data-record]").nth(3).getAttribute("data-record");
  await cell(page, id, "premium").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("4321");
  assert.equal((await ask(root, 11, "DELETE", `${api}/customers/${id}`)).status, 204);
  await toastOf(page).filter({ hasText: "You typed: 4321" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "grid");
});
