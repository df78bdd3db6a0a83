// What the browser tests share: a demo server, a browser, people who are signed in. CSP reports, page errors and
// requests to other hosts are gathered for every page and must be none when its test ends.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { addUser, agencyToml, call, scratch, startDemo, startServer, startSheets } from "../npm/support.mjs";

export { call };
export const api = "/api/insurance";
const kArguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function openDemo(t) {
  const data = join(scratch(t), "data");
  const server = await startDemo(t, data);
  return { data, ...server };
}

// A server with Google's interface behind a wire on which every call takes `delayMs` more; while `wire.refuses` is a
// status, calls to Sheets are answered with it.
export async function openWired(t, { delayMs = 0 } = {}) {
  const folder = scratch(t);
  const sheets = await startSheets(t);
  const made = await call(sheets.root, "", "POST", "/v4/spreadsheets", { properties: { title: "Book" } });
  let reached;
  const wire = { calls: 0, refuses: 0, reached: new Promise((resolve) => (reached = resolve)) }; // by a first call
  const proxy = createServer(async (request, response) => {
    wire.calls++;
    reached();
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    if (delayMs) await new Promise((resolve) => setTimeout(resolve, delayMs)); // this is the latency, and waits for nothing
    if (wire.refuses && request.url.startsWith("/v4/")) {
      response.writeHead(wire.refuses, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ error: { code: wire.refuses, message: "refused on the wire", status: "REFUSED" } }));
    }
    const { host, connection, "content-length": _, ...headers } = request.headers;
    const answer = await fetch(sheets.root + request.url, { method: request.method, headers, body: pieces.length ? Buffer.concat(pieces) : undefined });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  const at = `http://127.0.0.1:${proxy.address().port}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
  writeFileSync(join(folder, "key.json"), JSON.stringify({ type: "service_account", client_email: "robot@project.example", private_key: privateKey, token_uri: `${sheets.root}/token` }), { mode: 0o600 });
  const config = join(folder, "wired.toml");
  writeFileSync(config, `[server]\nlisten = "127.0.0.1:0"\ndata_dir = '${join(folder, "data")}'\n[sheets]\nprovider = "google"\n[google]\ncredentials = "key.json"\nsheets_url = "${at}"\ndrive_url = "${at}/drive/v3"\n${agencyToml("one", made.body.spreadsheetId)}`);
  const server = await startServer(t, config);
  return { server, wire, user: await addUser(config, "one", "agent", "agent") };
}

export async function openBrowser(t) {
  const profile = mkdtempSync(join(tmpdir(), "rowlane-browser-"));
  const browser = await chromium.launch({ executablePath: process.env.ROWLANE_CHROMIUM ?? "/usr/bin/chromium", args: [...kArguments, `--disk-cache-dir=${profile}`] });
  t.after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });
  return browser;
}

// A person in a window of their own, at `path`, signed in: a number is a user of the demo.
export async function enter(t, browser, root, user, { path = "/customers", width = 1440, height = 900, theme = "light", context } = {}) {
  context ??= await browser.newContext({ viewport: { width, height }, colorScheme: theme, acceptDownloads: true });
  const page = await context.newPage();
  watch(t, page, root);
  await page.goto(`${root}${path}`);
  await signIn(page, user);
  return page;
}

export async function signIn(page, user) {
  const { email, password } = typeof user === "object" ? user : { email: `user${user}@demo.example`, password: "demo-password" };
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#main").waitFor();
}

// The grid that can be used; its first rows may stand before it.
export const gridReady = (page) => page.locator("[data-testid=grid] [data-record]").first().waitFor();
export const cell = (page, id, field) => page.locator(`[data-record="${id}"] [data-field="${field}"]`);
export const toastOf = (page) => page.locator("[data-sonner-toast]");
export const ask = (root, user, method, path, body, headers) => call(root, `token_user_${user}`, method, path, body, headers);

function watch(t, page, root) {
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) wrong.push(`CSP: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^http/.test(protocol) && new URL(origin).hostname !== new URL(root).hostname) wrong.push(`another host: ${request.url()}`);
  });
  t.after(() => assert.deepEqual(wrong, []));
}

// Navigations of the page itself from now on; a page that never reloads has none.
export async function countNavigations(page) {
  await page.evaluate(() => {
    window.stillHere = true;
  });
  let loads = 0;
  page.on("load", () => loads++);
  return async () => loads + ((await page.evaluate(() => window.stillHere === true)) ? 0 : 1);
}

export async function checkAccessible(page, what) {
  await page.evaluate(axe);
  // A toast that is still fading in has the colours of neither state.
  await page.evaluate(async () => {
    const fading = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(fading.map(({ finished }) => finished));
  });
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} (${failureSummary?.split("\n")[1] ?? ""})`).join(" | ")}`);
  assert.deepEqual(told, [], what);
}

// Ends the session, as its time does, and does `act` before the page can have found out by what it asks for by itself.
export async function endSessionBefore(page, act) {
  let release;
  const acted = new Promise((resolve) => (release = resolve));
  const afterwards = (route) => acted.then(() => route.continue());
  await page.route("**/api/**", afterwards);
  await page.context().clearCookies();
  await act();
  release();
  await page.getByLabel("Password").waitFor();
  await page.unroute("**/api/**", afterwards);
}
