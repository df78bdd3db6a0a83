// Every page: by keyboard alone, without accessibility violations, light and dark, wide and narrow.
// ROWLANE_SCREENSHOTS=FOLDER keeps a picture of each.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { api, ask, checkAccessible, enter, gridReady, openBrowser, openDemo, toastOf } from "./support.mjs";
import { jobWhenDone } from "../npm/support.mjs";

const pictures = process.env.ROWLANE_SCREENSHOTS;

// A held job, a finished one, and records with something to show.
async function prepare(root) {
  const press = async () => jobWhenDone(root, "token_user_11", (await ask(root, 11, "POST", `${api}/sync/to-sheet`, {})).body.jobId);
  const finished = await press();
  const { body } = await ask(root, 2, "GET", `${api}/customers?limit=120`);
  await ask(root, 2, "DELETE", `${api}/customers`, { ids: body.customers.map(({ id }) => id) });
  const held = await jobWhenDone(root, "token_user_2", (await ask(root, 2, "POST", `${api}/sync/to-sheet`, {})).body.jobId);
  assert.equal(held.state, "held");
  const { body: list } = await ask(root, 11, "GET", `${api}/customers?limit=1`);
  return { finished, held, record: list.customers[0], deleted: body.customers[0].id };
}

test("axe finds nothing on any page, light and dark, wide and narrow", { timeout: 900_000 }, async (t) => {
  const { root } = await openDemo(t);
  const { finished, held, record, deleted } = await prepare(root);
  const pages = {
    customers: ["/customers", (page) => gridReady(page)],
    renewals: ["/customers?due=60", (page) => page.getByRole("group", { name: "Renewals due" }).waitFor()],
    record: [`/customers?record=${record.id}`, (page) => page.getByRole("dialog").getByRole("table").waitFor()],
    add: ["/customers?record=new", (page) => page.getByRole("dialog").getByLabel("Name").first().waitFor()],
    nothing: ["/customers?search=nobody-has-this-name", (page) => page.getByText("No customer fits").waitFor()],
    syncs: ["/sync", (page) => page.getByRole("table").first().waitFor()],
    finished: [`/sync/${finished.id}`, (page) => page.getByRole("heading", { name: "Changes" }).waitFor()],
    held: [`/sync/${held.id}`, (page) => page.getByRole("heading", { name: /Held back/ }).waitFor()],
    activity: ["/activity", (page) => page.getByRole("table").waitFor()],
    spreadsheet: ["/spreadsheet", (page) => page.getByRole("table").first().waitFor()],
    bin: ["/bin", (page) => page.getByRole("table").waitFor()],
    deleted: [`/customers?record=${deleted}`, (page) => page.getByRole("button", { name: "Restore" }).waitFor()],
    users: ["/users", (page) => page.getByRole("table").waitFor()],
    missing: ["/sync/999999", (page) => page.getByRole("alert").waitFor()],
  };
  const browser = await openBrowser(t);
  for (const theme of ["light", "dark"])
    for (const width of [1440, 360]) {
      const shot = async (page, name) => {
        if (pictures) await page.screenshot({ path: join(pictures, `${name}-${theme}-${width}.png`) });
        await checkAccessible(page, `${name}, ${theme}, ${width} px`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}, ${width} px: the page scrolls sideways`);
      };
      const look = { width, height: width === 360 ? 740 : 900, theme };
      const context = await browser.newContext({ viewport: { width, height: look.height }, colorScheme: theme });
      const door = await context.newPage();
      await door.goto(root);
      await door.getByLabel("Password").waitFor();
      await shot(door, "sign-in");
      await context.close();

      const page = await enter(t, browser, root, 11, look);
      for (const [name, [path, ready]] of Object.entries(pages)) {
        await page.goto(root + path);
        await ready(page);
        await shot(page, name);
      }
      await page.goto(`${root}/customers`);
      await gridReady(page);
      await page.getByRole("button", { name: "Start the walk" }).click();
      for (const [name, text] of [["walk-ten-users", "nothing yet"], ["walk-columns", "=E2*0.18"], ["walk-kill", "nothing yet"]]) {
        await page.getByText(text).first().waitFor();
        await shot(page, name);
        if (name !== "walk-kill") await page.getByRole("button", { name: "Next" }).click();
      }
      await page.getByRole("button", { name: "Done" }).click();
      await page.locator("[data-record] input[type=checkbox]").first().check();
      await page.keyboard.press("Alt+s");
      await toastOf(page).filter({ hasText: "up to date" }).waitFor();
      await shot(page, "ticked");
      await page.getByRole("button", { name: "Set a field" }).click();
      await page.getByRole("dialog").waitFor();
      await shot(page, "bulk");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Import" }).click();
      await page.getByLabel("File").setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("name,vertical\nGood One,motor\nBad One,boat\n") });
      await page.getByRole("dialog").getByRole("table").waitFor();
      await shot(page, "import");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /Account/ }).click();
      await page.getByRole("menu").waitFor();
      await page.getByRole("menuitem", { name: "Keyboard help" }).click();
      await page.getByRole("dialog").waitFor();
      await shot(page, "help");
      await page.context().close();

      const admin = await enter(t, browser, root, 12, { ...look, path: "/" });
      await admin.getByRole("table").waitFor();
      await shot(admin, "operations");
      await admin.context().close();
    }
});

test("the keyboard alone signs in, edits, ticks, adds, syncs and signs out", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${root}/customers`);
  await page.getByLabel("E-mail").waitFor();
  const keys = page.keyboard;
  await keys.type("user1@demo.example");
  await keys.press("Tab");
  await keys.type("demo-password");
  await keys.press("Enter");
  await gridReady(page);
  const { body } = await ask(root, 1, "GET", `${api}/customers?limit=1&sort=-created`);
  const first = body.customers[0].id;
  for (let i = 0; i < 60 && !(await page.evaluate(() => document.activeElement?.getAttribute("role") === "grid")); i++) await keys.press("Tab");
  await keys.press("ArrowRight");
  await keys.type("98");
  await keys.press("Escape");
  await keys.press("F2");
  await keys.press("Control+a");
  await keys.type("9876543210");
  await keys.press("Enter");
  await page.waitForFunction((id) => document.querySelector(`[data-record="${id}"] [data-field="mobile_number"]`)?.textContent === "9876543210", first);
  await keys.press("Space");
  await page.getByText("1 ticked").waitFor();
  await keys.press("Alt+n");
  await page.getByRole("dialog").waitFor();
  await keys.type("Keyboard Person");
  await keys.press("Enter");
  await toastOf(page).filter({ hasText: "Customer added" }).waitFor();
  await keys.press("Alt+s");
  await toastOf(page).filter({ hasText: "up to date" }).waitFor({ timeout: 60_000 });
  await page.evaluate(() => document.querySelector("[role=grid]").focus());
  await keys.press("?");
  await page.getByRole("dialog").waitFor();
  await keys.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.evaluate(() => document.querySelector("header button[aria-label^=Account]").focus());
  await keys.press("Enter");
  await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
  await keys.press("End");
  await keys.press("Enter");
  await page.getByLabel("E-mail").waitFor();
});

test("a held sync is confirmed on its page", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const { held } = await prepare(root);
  const page = await enter(t, await openBrowser(t), root, 2, { path: `/sync/${held.id}` });
  await page.getByRole("button", { name: /^Delete \d+ rows in the sheet/ }).click();
  await page.getByText("The sheet is up to date").first().waitFor({ timeout: 60_000 });
  const { body } = await ask(root, 2, "GET", `${api}/sync/jobs/${held.id}`);
  assert.equal(body.state, "succeeded");
});
