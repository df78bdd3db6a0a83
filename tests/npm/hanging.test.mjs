// Spreadsheets whose calls nobody answers, by the dozen, beside one that works: it does not wait for them.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { addUser, agencyToml, call, jobWhenDone, scratch, startServer, startSheets } from "./support.mjs";

const hanging = 36; // more than passes run at once

// What stands for Google: everything goes to the local Sheets service, but for the books that hang.
async function startGoogle(t, sheets) {
  const open = new Set();
  let waits = () => {};
  const server = createServer((asked, answer) => {
    const book = /\/spreadsheets\/(hangs-\d+)/.exec(asked.url)?.[1];
    if (book) {
      open.add(book);
      answer.on("close", () => open.delete(book));
      return waits();
    }
    const passed = request(sheets.root + asked.url, { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const untilOpen = (count) => new Promise((resolve) => ((waits = () => open.size >= count && resolve()), waits()));
  return { root: `http://127.0.0.1:${server.address().port}`, open, untilOpen };
}

test("spreadsheets whose calls hang hold up no other", { timeout: 300_000 }, async (t) => {
  const folder = scratch(t);
  const sheets = await startSheets(t);
  const made = await call(sheets.root, "", "POST", "/v4/spreadsheets", { properties: { title: "Book" } });
  assert.equal(made.status, 200, made.text);
  const google = await startGoogle(t, sheets);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
  writeFileSync(join(folder, "key.json"), JSON.stringify({ type: "service_account", client_email: "robot@project.example", private_key: privateKey, token_uri: `${sheets.root}/token` }), { mode: 0o600 });
  const keys = Array.from({ length: hanging }, (_, i) => `h${i}`);
  const agencies = keys.map((key, i) => agencyToml(key, `hangs-${i}`)).join("") + agencyToml("well", made.body.spreadsheetId);
  const config = join(folder, "google.toml");
  writeFileSync(config, `[server]\nlisten = "127.0.0.1:0"\ndata_dir = '${join(folder, "data")}'\n[google]\ncredentials = "key.json"\nsheets_url = "${google.root}"\ndrive_url = "${google.root}/drive/v3"\n[google.quota]\nreads = 1000\nwrites = 1000\nproject_reads = 1000\nproject_writes = 1000\n${agencies}`);
  const server = await startServer(t, config);
  const well = await addUser(config, "well", "agent", "agent");
  const tokens = [], left = [...keys];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let key = left.pop(); key; key = left.pop()) tokens.push((await addUser(config, key, "agent", "agent")).token);
  }));
  // All at once: a call that hangs is given up after half a minute.
  const presses = await Promise.all(tokens.map((token) => call(server.root, token, "POST", "/api/insurance/sync/to-sheet", {})));
  assert.ok(presses.every(({ status }) => status === 202));
  await google.untilOpen(33); // so many are under way only because those before them made room
  assert.equal((await call(server.root, well.token, "POST", "/api/insurance/customers", { name: "Asha", vertical: "motor" })).status, 201);
  const queued = await call(server.root, well.token, "POST", "/api/insurance/sync/to-sheet", {});
  const job = await jobWhenDone(server.root, well.token, queued.body.jobId);
  assert.equal(job.state, "succeeded", JSON.stringify(job));
  assert.equal(job.result.added, 1);
});
