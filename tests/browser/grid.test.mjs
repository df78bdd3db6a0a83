// The grid under the fingers: ticks that move nothing, sorting by keyboard, long changes that can be stopped. And who
// may open which page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, ask, enter, gridReady, openBrowser, openDemo, toastOf } from "./support.mjs";

for (const [width, height] of [[1440, 900], [360, 740]])
  test(`the first tick moves no row, at ${width} px: a second click at the next box ticks the next record`, { timeout: 120_000 }, async (t) => {
    const { root } = await openDemo(t);
    const page = await enter(t, await openBrowser(t), root, 1, { width, height });
    await gridReady(page);
    const boxes = await page.locator("[data-testid=grid] [data-record] input[type=checkbox]").evaluateAll((all) =>
      all.slice(5, 7).map((box) => ({ id: box.closest("[data-record]").dataset.record, x: box.getBoundingClientRect().x + 4, y: box.getBoundingClientRect().y + 4 })));
    for (const { x, y } of boxes) await page.mouse.click(x, y);
    await page.getByText("2 ticked").waitFor();
    const ticked = await page.locator("[data-record][aria-selected=true]").evaluateAll((rows) => rows.map((row) => row.dataset.record));
    assert.deepEqual(ticked, boxes.map(({ id }) => id));
    const bar = page.getByRole("region", { name: "Ticked records" });
    const { height: high } = await bar.boundingBox();
    assert.ok(high < 50, `one line, not ${high} px`);
    await bar.getByRole("button", { name: "Untick" }).click();
    await page.getByRole("navigation", { name: "Saved views" }).getByRole("button", { name: "Motor", exact: true }).click();
    await page.waitForURL(/view=motor/);
  });

test("columns are sorted by the keyboard alone, and each page has a name of its own", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  assert.equal(await page.title(), "Customers – Rowlane");
  await page.getByTestId("grid").focus();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  for (let i = 0; i < 12 && !(await focused()).startsWith("Premium"); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/sort=premium/);
  await page.getByRole("columnheader", { name: "Premium" }).and(page.locator("[aria-sort=ascending]")).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/sort=-premium/);
  const titles = new Set();
  for (const path of ["/customers", "/bin", "/sync", "/activity", "/spreadsheet", "/customers?due=7"]) {
    await page.goto(root + path);
    await page.waitForFunction(() => document.title !== "Rowlane");
    titles.add(await page.title());
  }
  assert.equal(titles.size, 6, [...titles].join());
});

test("why a record is not in the sheet is told in words, by a click or the keyboard", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.getByTestId("grid").focus();
  for (const key of ["Home", "ArrowRight", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("dialog").getByText("The next sync takes it to the sheet").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.locator("[data-record] .grid-state").nth(2).click();
  await page.getByRole("dialog").getByText("The next sync takes it to the sheet").waitFor();
});

test("a long change shows how far it is; cancelled it stops, says what is done, and that is undone", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 11);
  await gridReady(page);
  await page.locator("[data-record] input[type=checkbox]").first().check();
  await page.getByRole("button", { name: /all 2,000/ }).click();
  await page.getByText("2,000 ticked").waitFor();
  // The third piece waits until Cancel has been pressed.
  let pieces = 0, goOn = () => {};
  const pressed = new Promise((resolve) => (goOn = resolve));
  await page.route("**/api/insurance/customers", async (route) => {
    if (route.request().method() === "PATCH" && ++pieces === 3) await pressed;
    await route.continue();
  });
  await page.getByRole("button", { name: "Set a field" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New value").fill("in pieces");
  await dialog.getByRole("button", { name: "Set in 2,000" }).click();
  await dialog.getByText("1,000 of 2,000").waitFor({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  goOn();
  const told = toastOf(page).filter({ hasText: "Status set in 1,500 of 2,000 records" });
  await told.waitFor({ timeout: 60_000 });
  const count = async () => (await ask(root, 11, "GET", `${api}/customers?limit=1&status=in%20pieces`)).body.total;
  assert.equal(await count(), 1_500);
  assert.equal(pieces, 3);
  await told.getByRole("button", { name: "Undo" }).click();
  await toastOf(page).filter({ hasText: "The bulk edit is undone" }).waitFor({ timeout: 60_000 });
  assert.equal(await count(), 0);
});

test("nobody comes to a page that is not theirs, and a first visit asks for nothing that is refused", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  const door = await (await browser.newContext()).newPage();
  const refused = [];
  door.on("response", (answer) => answer.status() >= 400 && refused.push(`${answer.status()} ${answer.url()}`));
  await door.goto(`${root}/customers`);
  await door.getByLabel("Password").waitFor();
  assert.deepEqual(refused, []);
  assert.equal(await door.title(), "Sign in – Rowlane");

  const agent = await enter(t, browser, root, 1, { path: "/operations" });
  await gridReady(agent);
  assert.match(agent.url(), /\/customers/);
  const admin = await enter(t, browser, root, 12, { path: "/sync" });
  for (const path of ["/activity", "/bin", "/customers", "/sync/1"]) {
    await admin.getByRole("heading", { name: "Operations" }).waitFor();
    assert.equal(await admin.getByRole("alert").count(), 0);
    await admin.goto(root + path);
  }
  await admin.getByRole("heading", { name: "Operations" }).waitFor();
});

test("a day in the demo's walk is a day, and a formula its formula", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.getByRole("button", { name: "Start the walk" }).click();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByRole("cell", { name: "=E2*0.18" }).waitFor();
  const cells = await page.getByRole("group", { name: /First rows/ }).getByRole("cell").allInnerTexts();
  assert.equal(cells.filter((text) => /^4\d{4}$/.test(text)).length, 0, cells.join(" | "));
  assert.ok(cells.some((text) => /\d+[-/]\d+[-/]\d+/.test(text)), cells.join(" | "));
});
