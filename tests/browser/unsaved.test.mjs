// Nothing that somebody typed is lost: edits over a server that is down or a session that ended, half-filled forms.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startDemo } from "../npm/support.mjs";
import { api, ask, cell, endSessionBefore, enter, gridReady, openBrowser, openDemo, signIn, toastOf } from "./support.mjs";

const firstOf = async (root, user) => (await ask(root, user, "GET", `${api}/customers?limit=1&sort=-created`)).body.customers[0];
const typeInto = async (page, id, field, text) => {
  await cell(page, id, field).dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
};
const waits = (page, id, field) => page.locator(`[data-record="${id}"] [data-field="${field}"].is-waiting`);

test("an edit made while the server is down stays in its cell and is saved when it is back", { timeout: 180_000 }, async (t) => {
  const { root, stop, data } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const { id } = await firstOf(root, 1);
  await stop("SIGKILL");
  await page.getByText("Connection lost").waitFor();
  await typeInto(page, id, "premium", "1,23,456");
  await waits(page, id, "premium").getByText("1,23,456.00").waitFor();
  await page.getByText("1 edit is waiting to be saved").waitFor();
  // A second edit of the same cell, and one of another.
  await typeInto(page, id, "premium", "777");
  await typeInto(page, id, "status", "while away");
  await page.getByText("2 edits are waiting to be saved").waitFor();
  assert.equal(await toastOf(page).filter({ hasText: "not saved" }).count(), 0);

  await startDemo(t, data, {}, new URL(root).host);
  await toastOf(page).filter({ hasText: "Your 2 edits are saved" }).waitFor({ timeout: 30_000 });
  await waits(page, id, "premium").waitFor({ state: "hidden" });
  const { body } = await ask(root, 1, "GET", `${api}/customers/${id}`);
  assert.deepEqual([body.premium, body.status], [777, "while away"]);
});

test("an edit of an ended session is saved after signing in again, by its own person alone", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  const { id } = await firstOf(root, 1);
  const status = async () => (await ask(root, 1, "GET", `${api}/customers/${id}`)).body.status;
  const before = await status();
  await endSessionBefore(page, () => typeInto(page, id, "status", "typed before"));
  // Somebody else signs in at the same window: a manager, who could change that very record.
  await signIn(page, 11);
  await page.goto(`${root}/customers?owner=user1%40demo.example`);
  await gridReady(page);
  await cell(page, id, "name").waitFor();
  assert.equal(await waits(page, id, "status").count(), 0);
  assert.equal(await page.getByText("typed before").count(), 0);
  assert.equal(await status(), before);
  await page.locator("header button[aria-label^=Account]").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  await signIn(page, 1);
  await toastOf(page).filter({ hasText: "Your edit is saved" }).waitFor({ timeout: 30_000 });
  assert.equal(await status(), "typed before");
});

test("an edit that is refused after its wait keeps what was typed in sight until somebody has read it", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const browser = await openBrowser(t);
  const page = await enter(t, browser, root, 1);
  await gridReady(page);
  const { id } = await firstOf(root, 1);
  // This page's edits do not come through, those of others do.
  await page.route("**/api/insurance/customers/*", (route) => (route.request().method() === "PATCH" ? route.abort() : route.continue()));
  await typeInto(page, id, "status", "mine");
  await waits(page, id, "status").waitFor();
  assert.equal((await ask(root, 11, "PATCH", `${api}/customers/${id}`, { status: "theirs", company: "Also theirs" })).status, 200);
  await page.waitForFunction((one) => document.querySelector(`[data-record="${one}"] [data-field="company"]`)?.textContent === "Also theirs", id);
  assert.equal(await cell(page, id, "status").innerText(), "mine", "the own edit still lies over what others do");
  await page.unroute("**/api/insurance/customers/*");
  const toast = toastOf(page).filter({ hasText: "Somebody else changed Status first" });
  await toast.waitFor({ timeout: 30_000 });
  assert.match(await toast.innerText(), /You typed: mine/);
  assert.equal(await cell(page, id, "status").innerText(), "theirs");
  await toast.getByRole("button", { name: "Use mine" }).click();
  await page.waitForFunction(async (url) => (await (await fetch(url)).json()).status === "mine", `${api}/customers/${id}`);
});

test("a half-filled form is there again after a new sign-in and a reload, and goes when it is saved", { timeout: 180_000 }, async (t) => {
  const { root } = await openDemo(t);
  const page = await enter(t, await openBrowser(t), root, 1, { path: "/customers?record=new" });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name *", { exact: true }).fill("Half Filled");
  await dialog.getByLabel("Mobile", { exact: true }).fill("9812345678");
  await endSessionBefore(page, () => dialog.getByRole("button", { name: "Add", exact: true }).click());
  await signIn(page, 1);
  const typed = async () => [await dialog.getByLabel("Name *", { exact: true }).inputValue(), await dialog.getByLabel("Mobile", { exact: true }).inputValue()];
  await dialog.getByText("What you had typed here is back").waitFor();
  assert.deepEqual(await typed(), ["Half Filled", "9812345678"]);
  await page.reload();
  await dialog.getByText("What you had typed here is back").waitFor();
  assert.deepEqual(await typed(), ["Half Filled", "9812345678"]);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await toastOf(page).filter({ hasText: "Customer added" }).waitFor();
  await dialog.waitFor({ state: "hidden" });
  await page.keyboard.press("Alt+n");
  await dialog.getByLabel("Name *", { exact: true }).waitFor();
  assert.deepEqual(await typed(), ["", ""]);
});
