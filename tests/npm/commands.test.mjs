// The commands against the real program, most of them beside a running server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { addUser, agencyToml, call, jobWhenDone, kPassword, run, scratch, startDemo, startServer, startSheets, writeConfig } from "./support.mjs";

const commands = [["demo"], ["serve"], ["sheets"], ["user", "add"], ["user", "list"], ["user", "disable"], ["token", "create"], ["token", "revoke"],
  ["agency", "list"], ["import"], ["export"], ["sync"], ["migrate"], ["backup"], ["restore"], ["doctor"]];

test("what is no database of Rowlane's is left alone, and named", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const file = join(folder, "data", "rowlane.db");
  mkdirSync(join(folder, "data"));
  const other = await startServer(t, writeConfig(folder, { data: join(folder, "other"), name: "other.toml" }));
  await other.stop();
  const foreign = join(folder, "other", "local-sheets.db");
  for (const [bytes, what] of [[Buffer.alloc(0), "is empty"], [Buffer.from("not a database at all, but some other file\n".repeat(40)), "is no database"], [readFileSync(foreign), "is a database of something else"]]) {
    writeFileSync(file, bytes);
    for (const command of [["serve"], ["migrate"], ["agency", "list"]]) {
      const said = await run([...command, "--config", config]);
      assert.equal(said.code, 1, `${command} ${what}`);
      assert.equal(said.stderr, `rowlane: ${file} ${what}. Restore a backup, or move the file away to start with a new database\n`);
      assert.deepEqual(readFileSync(file), bytes, "nothing of it is changed");
    }
  }
});

test("the version is one, wherever it is asked for", async () => {
  const said = await run(["--version"]);
  assert.equal(said.code, 0);
  const [, version] = /^rowlane (\d+\.\d+\.\d+)\n$/.exec(said.stdout) ?? assert.fail(said.stdout);
  const described = JSON.parse(readFileSync(new URL("../../web/openapi.json", import.meta.url), "utf8"));
  assert.equal(described.info.version, version);
  const cmake = readFileSync(new URL("../../CMakeLists.txt", import.meta.url), "utf8");
  assert.match(cmake, new RegExp(`^project\\(rowlane VERSION ${version} `, "m"));
});

test("every command has help, and refuses what it does not know", async () => {
  for (const command of commands) {
    const help = await run([...command, "--help"]);
    assert.equal(help.code, 0, command.join(" "));
    assert.match(help.stdout, /--help/, command.join(" "));
    const wrong = await run([...command, "--no-such-option"]);
    assert.equal(wrong.code, 2, command.join(" "));
    assert.notEqual(wrong.stderr, "", command.join(" "));
  }
  assert.equal((await run([])).code, 2);
  assert.equal((await run(["user"])).code, 2);
});

test("a command that fails says why on stderr and exits 1", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const cases = [
    ["no such file", ["user", "list", "--config", join(folder, "none.toml")], /cannot be read/],
    ["an unknown agency", ["user", "list", "--config", config, "--agency", "three"], /three/],
    ["an unknown user", ["user", "disable", "--config", config, "--email", "a@one.example"], /a@one\.example/],
    ["an unknown token", ["token", "revoke", "--config", config, "--token", "rl_none"], /no such token/],
    ["a user of no agency's emails", ["user", "add", "--config", config, "--email", "a@other.example", "--agency", "one", "--role", "agent", "--password-stdin"], /emails/],
    ["nobody's records", ["export", "--config", config, "--email", "a@one.example"], /a@one\.example/],
    ["no backup", ["restore", "--config", writeConfig(folder, { name: "r.toml", data: join(folder, "fresh") }), "--from", folder], /no backup/],
  ];
  for (const [name, args, reason] of cases) {
    const { code, stdout, stderr } = await run(args, { input: `${kPassword}\n` });
    assert.equal(code, 1, name);
    assert.match(stderr, reason, name);
    assert.equal(stdout, "", name);
  }
});

test("people: added, listed, disabled; what ends holds from the next request on", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const server = await startServer(t, config);
  const agent = await addUser(config, "one", "agent", "agent");
  const manager = await addUser(config, "one", "boss", "manager");
  await addUser(config, "two", "agent", "agent");

  const listed = await run(["user", "list", "--config", config, "--agency", "one"]);
  assert.equal(listed.stdout, "agent@one.example\tagent\tone\tenabled\nboss@one.example\tmanager\tone\tenabled\n");
  assert.equal((await run(["user", "list", "--config", config])).stdout.split("\n").length, 4);
  const agencies = await run(["agency", "list", "--config", config]);
  assert.equal(agencies.stdout, "one\tAgency one\tbook-one\tdefault\ntwo\tAgency two\tbook-two\tdefault\n");

  const me = (token) => call(server.root, token, "GET", "/api/auth/me");
  assert.equal((await me(manager.token)).status, 200);
  assert.equal((await run(["token", "revoke", "--config", config, "--token", manager.token])).code, 0);
  assert.equal((await me(manager.token)).status, 401);

  const signedIn = await call(server.root, "", "POST", "/api/auth/login", { email: agent.email, password: kPassword });
  assert.equal(signedIn.status, 200);
  const cookie = signedIn.headers.get("set-cookie").split(";")[0];
  const bySession = () => call(server.root, "", "GET", "/api/auth/me", undefined, { cookie });
  assert.equal((await bySession()).status, 200);
  assert.equal((await run(["user", "disable", "--config", config, "--email", agent.email])).code, 0);
  assert.equal((await me(agent.token)).status, 401);
  assert.equal((await bySession()).status, 401);
  assert.equal((await call(server.root, "", "POST", "/api/auth/login", { email: agent.email, password: kPassword })).status, 401);
  assert.match((await run(["user", "list", "--config", config])).stdout, /agent@one\.example\tagent\tone\tdisabled/);
  assert.equal((await run(["token", "create", "--config", config, "--email", agent.email])).code, 1);
});

test("records: imported, exported and synced beside the server", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const server = await startServer(t, config);
  const { email, token } = await addUser(config, "one", "agent", "agent");
  const file = join(folder, "in.csv");
  writeFileSync(file, "name,vertical,current_policy_no,premium,area\nAsha,motor,P/1,12.50,'=North\nRavi,life,P/2,,\n");

  const bad = join(folder, "bad.csv");
  writeFileSync(bad, "name,vertical,premium\nA,motor,1\nB,boat,x\n");
  const refused = await run(["import", "--config", config, "--email", email, "--file", bad]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /line 3, vertical: /);
  assert.match(refused.stderr, /line 3, premium: /);
  assert.equal((await run(["import", "--config", config, "--email", email, "--file", file, "--dry-run"])).stdout, "would have added 2, updated 0, unchanged 0\n");
  assert.equal((await call(server.root, token, "GET", "/api/insurance/customers")).body.total, 0);
  assert.equal((await run(["import", "--config", config, "--email", email, "--file", file])).stdout, "added 2, updated 0, unchanged 0\n");

  const exported = await run(["export", "--config", config, "--email", email]);
  assert.match(exported.stdout, /'=North/);
  const again = await run(["import", "--config", config, "--email", email, "--file", "-"], { input: exported.stdout });
  assert.equal(again.stdout, "added 0, updated 0, unchanged 2\n");
  const out = join(folder, "out.csv");
  assert.equal((await run(["export", "--config", config, "--email", email, "--file", out])).code, 0);
  assert.equal(readFileSync(out, "utf8"), exported.stdout);
  assert.equal(statSync(out).mode & 0o077, 0);

  const synced = await run(["sync", "--config", config, "--email", email, "--wait"]);
  assert.equal(synced.code, 0, synced.stderr);
  assert.match(synced.stdout, /succeeded: exported 2, added 2/);
  const one = await run(["sync", "--config", config, "--email", email, "--tab", "Life_ins"]);
  const id = /^job (\d+) queued/.exec(one.stdout)[1];
  assert.deepEqual((await jobWhenDone(server.root, token, id)).tabs, ["life"]);
  assert.equal((await run(["sync", "--config", config, "--email", email, "--tab", "nowhere"])).code, 1);
  const { body } = await call(server.root, token, "GET", "/local-sheets/v4/spreadsheets/book-one/values/general_ins!A1:C2");
  assert.deepEqual(body.values[1].slice(0, 2), ["Asha", "P/1"]);
});

// The schema's number in the header of a database that nobody has open (sqlite.org/fileformat2.html, 1.3).
function setSchema(file, number) {
  const bytes = readFileSync(file);
  bytes.writeInt32BE(number, 60);
  writeFileSync(file, bytes);
}

test("a command neither migrates under a running server nor touches a database of a newer version", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  assert.equal((await run(["migrate", "--config", config])).code, 0);
  const file = join(folder, "data", "rowlane.db");
  const newest = readFileSync(file).readInt32BE(60);

  // What a server of an earlier version leaves to be seen: its schema, and its lock.
  setSchema(file, newest - 1);
  const server = spawn("flock", [join(folder, "data", "rowlane.lock"), "sh", "-c", "echo held; cat"], { stdio: ["pipe", "pipe", "ignore"] });
  t.after(() => server.stdin.end());
  await once(server.stdout, "data"); // it has the lock
  for (const command of [["user", "list"], ["migrate"]]) {
    const { code, stderr } = await run([...command, "--config", config]);
    assert.equal(code, 1, command[0]);
    assert.match(stderr, /restart the server/, command[0]);
  }
  setSchema(file, newest + 1);
  const newer = await run(["user", "list", "--config", config]);
  assert.equal(newer.code, 1);
  assert.match(newer.stderr, /run the newer version/);
  assert.equal(readFileSync(file).readInt32BE(60), newest + 1);

  setSchema(file, newest);
  assert.equal((await run(["user", "list", "--config", config])).code, 0);
});

test("the data: migrated, backed up under load, restored into an empty folder alone", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  assert.match((await run(["migrate", "--config", config])).stdout, /migrated the schema from 0 to \d+/);
  assert.match((await run(["migrate", "--config", config])).stdout, /already/);
  const server = await startServer(t, config);
  const { token } = await addUser(config, "one", "agent", "agent");
  const add = (i) => call(server.root, token, "POST", "/api/insurance/customers", { name: `N${i}`, vertical: "motor" });
  await Promise.all(Array.from({ length: 20 }, (_, i) => add(i)));

  const copy = join(folder, "copy");
  const writing = Promise.all(Array.from({ length: 200 }, (_, i) => add(100 + i)));
  const backup = await run(["backup", "--config", config, "--to", copy]);
  assert.equal(backup.code, 0, backup.stderr);
  assert.ok((await writing).every(({ status }) => status === 201));
  assert.equal(statSync(copy).mode & 0o077, 0);
  assert.equal(statSync(join(copy, "rowlane.db")).mode & 0o077, 0);
  assert.equal((await run(["backup", "--config", config, "--to", copy])).code, 1);
  assert.equal((await run(["migrate", "--config", config])).code, 0);

  const other = writeConfig(folder, { name: "other.toml", data: join(folder, "data-2") });
  const full = await run(["restore", "--config", config, "--from", copy]);
  assert.equal(full.code, 1);
  assert.match(full.stderr, /not empty/);
  const restored = await run(["restore", "--config", other, "--from", copy]);
  assert.equal(restored.code, 0, restored.stderr);
  const second = await startServer(t, other);
  const { body } = await call(second.root, token, "GET", "/api/insurance/customers?limit=1");
  assert.ok(body.total >= 20 && body.total <= 220, String(body.total));
});

test("doctor: a line a check, 1 when one fails", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const early = await run(["doctor", "--config", config]);
  assert.equal(early.code, 1);
  assert.match(early.stdout, /^FAIL {2}data directory: /m);
  await startServer(t, config);
  const well = await run(["doctor", "--config", config]);
  assert.equal(well.code, 0, well.stdout + well.stderr);
  for (const check of ["configuration", "data directory", "store", "file mode", "spreadsheet of one", "spreadsheet of two"]) assert.match(well.stdout, new RegExp(`^ok {4}${check}: `, "m"));
  chmodSync(join(folder, "data", "rowlane.db"), 0o644);
  const open = await run(["doctor", "--config", config]);
  assert.equal(open.code, 1);
  assert.match(open.stdout, /^FAIL {2}file mode: .*chmod 600/m);
  assert.match(open.stderr, /1 check failed/);
});

test("doctor and serve with Google: what is wrong with the credentials", async (t) => {
  const folder = scratch(t);
  const config = join(folder, "google.toml");
  const write = (google) => writeFileSync(config, `[server]\nlisten = "127.0.0.1:0"\ndata_dir = '${join(folder, "data")}'\n[sheets]\nprovider = "google"\n${google}${agencyToml("one", "book-one")}`);
  write("");
  const without = await run(["serve", "--config", config]);
  assert.equal(without.code, 1);
  assert.match(without.stderr, /google\.credentials/);
  assert.equal((await run(["doctor", "--config", config])).code, 1);
  write('[google]\ncredentials = "key.json"\n');
  writeFileSync(join(folder, "key.json"), "{}", { mode: 0o644 });
  const loose = await run(["serve", "--config", config]);
  assert.equal(loose.code, 1);
  assert.match(loose.stderr, /chmod 600/);
  chmodSync(join(folder, "key.json"), 0o600);
  const broken = await run(["doctor", "--config", config]);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /^FAIL {2}credentials: .*service_account/m);
});

test("the demo listens where the README says: with that port taken, it says so", async (t) => {
  const other = createServer();
  t.after(() => other.close());
  await new Promise((resolve) => other.once("error", resolve).listen(5000, "127.0.0.1", resolve)); // somebody else's is as good
  const { code, stderr } = await run(["demo", "--data", join(scratch(t), "demo")]);
  assert.equal(code, 1);
  assert.match(stderr, /cannot listen on 127\.0\.0\.1 port 5000/);
});

test("serve refuses a second server, a demo's data and a store it does not have", async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  await startServer(t, config);
  const second = await run(["serve", "--config", config]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /in use/);
  mkdirSync(join(folder, "demo-data"));
  writeFileSync(join(folder, "demo-data", "demo"), "");
  assert.equal((await run(["serve", "--config", writeConfig(folder, { name: "demo.toml", data: join(folder, "demo-data") })])).code, 1);
  const elsewhere = await run(["user", "list", "--config", config], { env: { ROWLANE_STORE_URL: "postgresql://nowhere/db" } });
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stderr, /store\.url/);
});

test("a crash leaves a mark that the next start takes away; a kill leaves none", { timeout: 300_000 }, async (t) => {
  const data = join(scratch(t), "data");
  const mark = join(data, "crashed");
  let server = await startDemo(t, data);
  await server.stop("SIGKILL");
  assert.ok(!existsSync(mark));
  for (const signal of ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"]) {
    server = await startDemo(t, data);
    assert.ok(!existsSync(mark), signal);
    // One crash in mid-sync: a job that each crash finds running has failed after five of them.
    if (signal === "SIGSEGV") assert.equal((await call(server.root, "token_user_1", "POST", "/api/insurance/sync/to-sheet", {})).status, 202);
    await server.stop(signal);
    assert.ok(existsSync(mark), signal);
  }
  server = await startDemo(t, data);
  assert.ok(!existsSync(mark));
  const { body } = await call(server.root, "token_user_1", "GET", "/api/insurance/sync/jobs");
  assert.equal(body.jobs.length, 1);
  assert.equal((await jobWhenDone(server.root, "token_user_1", body.jobs[0].id)).state, "succeeded");
});

test("with Google's interface: doctor says with whom to share, and a sync runs over HTTP", { timeout: 120_000 }, async (t) => {
  const folder = scratch(t);
  const sheets = await startSheets(t);
  const made = await call(sheets.root, "", "POST", "/v4/spreadsheets", { properties: { title: "Book" } });
  assert.equal(made.status, 200, made.text);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs8", format: "pem" }, publicKeyEncoding: { type: "spki", format: "pem" } });
  const address = "robot@project.example";
  writeFileSync(join(folder, "key.json"), JSON.stringify({ type: "service_account", client_email: address, private_key: privateKey, token_uri: `${sheets.root}/token` }), { mode: 0o600 });
  const config = join(folder, "google.toml");
  const google = `[google]\ncredentials = "key.json"\nsheets_url = "${sheets.root}"\ndrive_url = "${sheets.root}/drive/v3"\n`;
  const write = (book) => writeFileSync(config, `[server]\nlisten = "127.0.0.1:0"\ndata_dir = '${join(folder, "data")}'\n[sheets]\nprovider = "google"\n${google}${agencyToml("one", book)}`);

  write("not-there");
  assert.equal((await run(["migrate", "--config", config])).code, 0);
  const missing = await run(["doctor", "--config", config]);
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /^FAIL {2}spreadsheet of one: not-there is not shared; share it as an editor with robot@project\.example$/m);
  write(made.body.spreadsheetId);
  const well = await run(["doctor", "--config", config]);
  assert.equal(well.code, 0, well.stdout + well.stderr);
  assert.match(well.stdout, /it is shared with robot@project\.example$/m);

  const server = await startServer(t, config);
  const { email, token } = await addUser(config, "one", "agent", "agent");
  assert.equal((await call(server.root, token, "GET", "/api/insurance/config")).body.spreadsheet.shareWith, address);
  assert.equal((await call(server.root, token, "POST", "/api/insurance/customers", { name: "Asha", vertical: "motor", current_policy_no: "P/1" })).status, 201);
  const synced = await run(["sync", "--config", config, "--email", email, "--wait"]);
  assert.equal(synced.code, 0, synced.stderr);
  const { body } = await call(sheets.root, "", "GET", `/v4/spreadsheets/${made.body.spreadsheetId}/values/general_ins!A1:B2`);
  assert.deepEqual(body.values, [["NAME", "POLICY NO"], ["Asha", "P/1"]]);
});
