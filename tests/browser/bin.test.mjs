// Deleted records: where they are, and how they come back. Policy numbers that two records have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, ask, cell, enter, gridReady, openBrowser, openDemo, toastOf } from "./support.mjs";

test("a deleted record is in the bin, its links open it with a way back, and both ways bring it back", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const make = async (name) => (await ask(root, 1, "POST", `${api}/customers`, { name, vertical: "motor", current_policy_no: `BIN/${name}`, premium: 4321 })).body;
  const [one, two] = [await make("Bin One"), await make("Bin Two")];
  await ask(root, 1, "DELETE", `${api}/customers`, { ids: [one.id, two.id] });
  const browser = await openBrowser(t);
  const page = await enter(t, browser, root, 1, { path: "/activity" });
  await page.goto(`${root}/customers?record=${one.id}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/Deleted .* by user1@demo.example/).waitFor();
  assert.match(await dialog.innerText(), /BIN\/Bin One/);
  await dialog.getByRole("button", { name: "Restore" }).click();
  await toastOf(page).filter({ hasText: "Bin One is back" }).waitFor();
  assert.equal((await ask(root, 1, "GET", `${api}/customers/${one.id}`)).status, 200);

  await page.getByRole("navigation", { name: "Saved views" }).getByRole("link", { name: "Deleted" }).click();
  const row = page.getByRole("row").filter({ hasText: "Bin Two" });
  await row.waitFor();
  assert.match(await row.innerText(), /4,321\.00/);
  assert.equal(await page.getByRole("row").filter({ hasText: "Bin One" }).count(), 0);
  await row.getByRole("button", { name: /Restore/ }).click();
  await toastOf(page).filter({ hasText: "Bin Two is back" }).waitFor();
  await row.waitFor({ state: "hidden" });
  assert.equal((await ask(root, 1, "GET", `${api}/customers/${two.id}`)).status, 200);
  const foreign = await enter(t, browser, root, 2, { path: `/customers?record=${one.id}` });
  await foreign.getByRole("dialog").getByText("There is no such customer").waitFor();
  await foreign.getByRole("dialog").getByRole("button", { name: "Close" }).click();
});

test("a policy number that another record has is told while it is typed, with a link to the other", { timeout: 120_000 }, async (t) => {
  const { root } = await openDemo(t);
  const { body: other } = await ask(root, 1, "POST", `${api}/customers`, { name: "Twin One", vertical: "motor", current_policy_no: "TW-99 001" });
  const page = await enter(t, await openBrowser(t), root, 1);
  await gridReady(page);
  await page.keyboard.press("Alt+n");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name *", { exact: true }).fill("Twin Two");
  await dialog.getByLabel("Policy no.", { exact: true }).fill("tw-99001");
  const link = dialog.getByRole("link", { name: "Twin One" });
  await link.waitFor();
  assert.match(await link.getAttribute("href"), new RegExp(other.id));
  await dialog.getByLabel("Policy no.", { exact: true }).fill("TW-99 002");
  await link.waitFor({ state: "hidden" });
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await toastOf(page).filter({ hasText: "Customer added" }).waitFor();
  // In the grid it is told when the cell is saved.
  const { body } = await ask(root, 1, "GET", `${api}/customers?search=TW-99%20002`);
  await cell(page, body.customers[0].id, "current_policy_no").dblclick();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("TW-99 001");
  await page.keyboard.press("Enter");
  const told = toastOf(page).filter({ hasText: "Twin One has this policy number, too" });
  await told.waitFor();
  await told.getByRole("button", { name: "Open" }).click();
  await dialog.getByText("Also the policy number of").waitFor();
  assert.equal(await dialog.getByLabel("Name *", { exact: true }).inputValue(), "Twin One");
});
