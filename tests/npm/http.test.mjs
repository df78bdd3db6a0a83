// The HTTP interface as clients meet it: bad input, versions, lists, CSV, cookies, repeats. Each against a live server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, openOffice } from "./office.mjs";
import { call, jobWhenDone, kPassword } from "./support.mjs";

const customers = `${api}/customers`;

test("bad input gets an error that names the field, and changes nothing", async (t) => {
  const { ask } = await openOffice(t);
  const motor = (text) => `{"name":"A","vertical":"motor",${text}}`;
  const cases = [
    ["half a document", "{", 400, []],
    ["no object", "[]", 400, []],
    ["a doubled key", '{"name":"A","name":"B"}', 400, []],
    ["100 levels", `{"name":${"[".repeat(100)}${"]".repeat(100)}}`, 400, []],
    ["tens of thousands of unknown members", JSON.stringify({ name: "A", vertical: "motor", ...Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`f${i}`, 1])) }), 400, null],
    ["half a million levels", "[".repeat(500_000), 400, []],
    ["over 1 MiB", `{"name":"${"x".repeat(1_100_000)}"}`, 413, []],
    ["no fields", "{}", 400, ["name", "vertical"]],
    ["blank name", '{"name":"","vertical":"motor"}', 400, ["name"]],
    ["wrong types", '{"name":5,"vertical":"motor","premium":"12","thank_you_sent":"yes","email":[]}', 400, ["name", "premium", "thank_you_sent", "email"]],
    ["a day the calendar lacks", motor('"dob":"2026-02-30"'), 400, ["dob"]],
    ["another spelling of a day", motor('"renewal_date":"03/04/2026"'), 400, ["renewal_date"]],
    ["a day as a number", motor('"tp_expiry_date":20260403'), 400, ["tp_expiry_date"]],
    ["an infinite amount", motor('"premium":1e400'), 400, ["premium"]],
    ["too large an amount", motor('"last_year_premium":1e15'), 400, ["last_year_premium"]],
    ["an unknown vertical", '{"name":"A","vertical":"boat"}', 400, ["vertical"]],
    ["an unknown field", motor('"nmae":"x"'), 400, ["nmae"]],
    ["an unknown field of the agency's own", motor('"extra":{"zone":"x"}'), 400, ["extra.zone"]],
    ["another user as owner", motor('"owner":"foreign@one.example"'), 400, ["owner"]],
    ["NUL", motor('"notes":"a\\u0000b"'), 400, ["notes"]],
    ["a lone leading surrogate", motor('"notes":"a\\ud800b"'), 400, ["notes"]],
    ["a leading surrogate at the end", motor('"notes":"\\uD83D"'), 400, ["notes"]],
    ["a lone trailing surrogate", motor('"notes":"\\udc00"'), 400, ["notes"]],
    ["over-long text", motor(`"notes":"${"x".repeat(300_000)}"`), 400, ["notes"]],
  ];
  for (const [name, body, status, fields] of cases) {
    const answer = await ask("own", "POST", customers, body);
    assert.equal(answer.status, status, `${name}: ${answer.text}`);
    assert.equal(answer.type, "application/problem+json", name);
    assert.ok(answer.body.error.length > 0, name);
    if (fields !== null) assert.deepEqual((answer.body.errors ?? []).map(({ field }) => field).toSorted(), fields.toSorted(), name);
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "text/csv"]) assert.equal((await ask("own", "POST", customers, motor('"notes":"n"'), { "content-type": type })).status, 415, type);
  assert.equal((await ask("own", "GET", customers)).body.total, 0);

  const sync = `${api}/sync/to-sheet`;
  for (const [name, body, fields] of [
    ["an unknown tab", { tabName: "nowhere" }, ["tabName"]],
    ["a tab that is no text", { tabName: 5 }, ["tabName"]],
    ["deleted that are no list", { deletedCustomers: "x" }, ["deletedCustomers"]],
    ["deleted of no shape", { deletedCustomers: [5] }, ["deletedCustomers"]],
  ]) {
    const answer = await ask("own", "POST", sync, body);
    assert.equal(answer.status, 400, name);
    assert.deepEqual(answer.body.errors.map(({ field }) => field), fields, name);
  }
  assert.deepEqual((await ask("own", "GET", `${api}/sync/jobs`)).body, { jobs: [], nextCursor: null });
  const bad = await ask("own", "GET", `${customers}?sort=x&limit=201&vertical=boat&sync=x&renewal_from=x&renewal_to=2026-02-30`);
  assert.deepEqual(bad.body.errors.map(({ field }) => field).toSorted(), ["limit", "renewal_from", "renewal_to", "sort", "sync", "vertical"]);
  for (const list of [customers, `${api}/sync/jobs`, `${api}/activity`, `${api}/history`, `${api}/users`]) {
    assert.equal((await ask("own", "GET", `${list}?cursor=nonsense`)).status, 400, list);
    assert.equal((await ask("own", "GET", `${list}?limit=0`)).status, 400, list);
    assert.equal((await ask("own", "GET", `${list}?limit=200`)).status, 200, list);
  }
});

test("a record keeps what it was given, and a stale version is refused", async (t) => {
  const { ask } = await openOffice(t);
  const given = { name: " A\u200d ", vertical: "motor", premium: 1.005, mobile_number: "09876543210", current_policy_no: "=1+1", email: "no address", dob: "1990-02-28", thank_you_sent: false, extra: { area: "N" } };
  const made = await ask("own", "POST", customers, given);
  assert.equal(made.status, 201);
  assert.equal(made.headers.get("location"), `${customers}/${made.body.id}`);
  assert.equal(made.headers.get("etag"), '"1"');
  for (const [field, value] of Object.entries({ ...given, premium: 1.01, notes: null, version: 1, owner: "own@one.example", updatedBy: "own@one.example" })) assert.deepEqual(made.body[field], value, field);
  assert.deepEqual(made.body.sync, { state: "unsynced", at: null, reason: null });

  const path = `${customers}/${made.body.id}`;
  const write = (method, body, version) => ask("own", method, path, body, version === undefined ? {} : { "if-match": version });
  assert.equal((await write("PATCH", { notes: "n" }, '"1"')).body.version, 2);
  assert.equal((await write("PATCH", { notes: "n" })).body.version, 2, "an equal value is no new version");
  assert.equal((await write("PATCH", { notes: "m" }, '"1"')).status, 412);
  assert.equal((await write("PUT", { name: "B", vertical: "motor" }, '"1"')).status, 412);
  assert.equal((await write("DELETE", undefined, '"1"')).status, 412);
  assert.equal((await write("PATCH", { notes: "m" }, "1")).status, 400);
  assert.equal((await write("PATCH", { name: null }, '"2"')).status, 400);
  assert.equal((await ask("own", "GET", path)).body.notes, "n");
  const put = await write("PUT", { name: "B", vertical: "motor" }, '"2"');
  assert.deepEqual([put.body.premium, put.body.extra.area, put.body.version], [null, null, 3]);
  assert.equal((await write("PUT", put.body, "*")).body.version, 3, "what was read can be sent back");
  assert.equal((await write("DELETE", undefined, '"3"')).status, 204);
  assert.equal((await ask("own", "GET", path)).status, 404);
  assert.equal((await ask("own", "POST", `${path}/restore`)).body.version, 5);
});

test("the history names owners by their e-mail", async (t) => {
  const { ask, make, users } = await openOffice(t);
  const { id } = await make();
  assert.equal((await ask("manager", "PATCH", `${customers}/${id}`, { owner: users.foreign.email })).status, 200);
  const { history } = (await ask("manager", "GET", `${api}/history?record=${id}`)).body;
  const { before, after } = history.find(({ field }) => field === "owner");
  assert.deepEqual([before, after], [users.own.email, users.foreign.email]);
});

test("bulk changes are all or none", async (t) => {
  const { ask, make } = await openOffice(t);
  const ids = [(await make()).id, (await make()).id];
  const changed = (await ask("own", "PATCH", customers, { ids: [...ids, ids[0]], set: { status: "new" } })).body;
  assert.match(changed.undo, /^\d+-\d+$/);
  assert.deepEqual(changed, { changed: 2, undo: changed.undo });
  assert.equal((await ask("own", "PATCH", customers, { ids: [...ids, "none"], set: { status: "old" } })).status, 404);
  assert.equal((await ask("own", "PATCH", customers, { ids: ["none"], set: { premium: "x" } })).status, 404);
  assert.equal((await ask("own", "PATCH", customers, { ids, set: { premium: "x" } })).status, 400);
  assert.equal((await ask("own", "PATCH", customers, { ids, set: { name: "" } })).status, 400);
  assert.equal((await ask("own", "DELETE", customers, { ids: [...ids, "none"] })).status, 404);
  assert.equal((await ask("own", "GET", `${customers}?status=new`)).body.total, 2);
  const { body: deleted } = await ask("own", "DELETE", customers, { ids });
  assert.match(deleted.undo, /^\d+-\d+$/);
  assert.deepEqual(deleted, { changed: 2, undo: deleted.undo });
  assert.equal((await ask("own", "GET", customers)).body.total, 0);
  assert.equal((await ask("foreign", "POST", `${customers}/undo`, { undo: deleted.undo })).body.changed, 0);
  assert.equal((await ask("own", "POST", `${customers}/undo`, { undo: deleted.undo })).body.changed, 2);
  assert.equal((await ask("own", "GET", customers)).body.total, 2);
});

test("lists: filters, sorts and pages", async (t) => {
  const { ask, make } = await openOffice(t);
  const rows = [["Zoe", "motor", 3, "2026-01-01"], ["adam", "life", null, null], ["Mia", "motor", 1, "2026-03-01"], ["Ben", "health", 2, "2026-02-01"], ["Ann", "motor", 2, null]];
  for (const [name, vertical, premium, renewal_date] of rows) await make({ name, vertical, premium, renewal_date, email: `${name}@X.example` });
  const names = async (query, who = "own") => (await ask(who, "GET", `${customers}?${query}`)).body.customers.map(({ name }) => name);
  assert.deepEqual(await names(""), ["Zoe", "adam", "Mia", "Ben", "Ann"]);
  assert.deepEqual(await names("vertical=motor"), ["Zoe", "Mia", "Ann"]);
  assert.deepEqual(await names("search=ADAM@x"), ["adam"]);
  assert.deepEqual(await names("renewal_from=2026-02-01&renewal_to=2026-03-01"), ["Mia", "Ben"]);
  assert.deepEqual(await names("sync=unsynced&vertical=life"), ["adam"]);
  assert.deepEqual(await names("sync=synced"), []);
  assert.deepEqual(await names("owner=own@one.example&vertical=life", "manager"), ["adam"]);
  assert.deepEqual(await names("owner=foreign@one.example", "manager"), []);
  assert.deepEqual(await names("owner=boss@one.example"), []);
  assert.deepEqual(await names("", "foreign"), []);
  assert.deepEqual(await names("", "stranger"), []);
  for (const sort of ["createdAt", "-createdAt", "name", "-name", "premium", "-premium", "renewal_date", "-renewal_date", "updatedAt", "-updatedAt", "status", "company", "current_policy_no"]) {
    const whole = await names(`sort=${sort}`);
    const paged = [];
    let pages = 0;
    for (let cursor = ""; cursor !== null; ++pages) {
      const { body } = await ask("own", "GET", `${customers}?sort=${sort}&limit=2&cursor=${encodeURIComponent(cursor)}`);
      assert.equal(body.total, 5, sort);
      paged.push(...body.customers.map(({ name }) => name));
      cursor = body.nextCursor;
    }
    assert.deepEqual(paged, whole, sort);
    assert.equal(pages, 3, sort);
  }
  assert.deepEqual((await names("sort=-premium")).slice(0, 1), ["Zoe"]);
  for (const [list, name] of [[`${api}/activity`, "activity"], [`${api}/history`, "history"]]) {
    const seen = [];
    for (let cursor = ""; cursor !== null; ) {
      const { body } = await ask("own", "GET", `${list}?limit=2&cursor=${cursor}`);
      seen.push(...body[name].map(({ id }) => Number(id)));
      cursor = body.nextCursor;
    }
    assert.deepEqual(seen, seen.toSorted((a, b) => b - a), list);
    assert.equal(new Set(seen).size, 5, list);
  }
  const users = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await ask("manager", "GET", `${api}/users?limit=2&cursor=${cursor}`);
    users.push(...body.users.map(({ email }) => email.split("@")[0]));
    cursor = body.nextCursor;
  }
  assert.deepEqual(users, ["own", "foreign", "boss", "admin", "gone"]);
});

test("CSV: an export comes back unchanged, a bad file changes nothing and says where", async (t) => {
  const { ask } = await openOffice(t);
  const odd = ["=1+1", "+1", "-1", "@x", "'x", "''x", "\tx", "\rx", 'a"b', "a,b", "a\nb", " a ", "0012", "-"];
  for (const notes of odd) assert.equal((await ask("own", "POST", customers, { name: "N", vertical: "motor", notes, premium: -5, thank_you_sent: true, dob: "1990-02-28", extra: { area: notes } })).status, 201);
  const send = (who, text, query = "") => ask(who, "POST", `${customers}/import${query}`, text, { "content-type": "text/csv" });
  const exported = await ask("own", "GET", `${customers}/export`);
  assert.match(exported.type, /^text\/csv/);
  for (const line of exported.text.split("\r\n")) assert.ok(!/(^|,)"?[=+@\t\r]/.test(line), line);
  assert.deepEqual((await send("own", exported.text)).body, { added: 0, updated: 0, unchanged: odd.length });
  assert.deepEqual((await send("manager", exported.text)).body, { added: 0, updated: 0, unchanged: odd.length });
  const back = (await ask("own", "GET", `${customers}?limit=200`)).body.customers;
  assert.deepEqual(back.map(({ notes }) => notes), odd);
  assert.deepEqual(back.map(({ extra }) => extra.area), odd);

  const bad = "name,vertical,premium,dob,owner,id\nA,motor,1,,,\nB,boat,x,2026-02-30,foreign@one.example,\n,motor,1,,,\nC,motor,1,,,none\nD,motor\n";
  const expected = [[3, "dob"], [3, "owner"], [3, "premium"], [3, "vertical"], [4, "name"], [5, "id"], [6, null]];
  const refused = await send("own", bad);
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.body.errors.map(({ line, field }) => [line, field]).toSorted(), expected.toSorted());
  assert.ok(refused.body.errors.every(({ reason }) => reason.length > 0));
  for (const flag of ["dry_run=yes", "dry_run=", "skip_bad=2"]) {
    const answer = await send("own", "name,vertical\nA,motor\n", `?${flag}`);
    assert.equal(answer.status, 400, flag);
    assert.deepEqual(answer.body.errors.map(({ field }) => field), [flag.split("=")[0]]);
  }
  assert.equal((await ask("own", "GET", customers)).body.total, odd.length);
  assert.deepEqual((await send("own", "name,vertical\nA,motor\n", "?dry_run=1")).body, { added: 1, updated: 0, unchanged: 0 });
  assert.equal((await ask("own", "GET", customers)).body.total, odd.length);
  const skipped = await send("own", bad, "?skip_bad=1");
  assert.equal(skipped.status, 200);
  assert.equal(skipped.body.added, 1);
  assert.deepEqual(skipped.body.errors.map(({ line, field }) => [line, field]).toSorted(), expected.toSorted());
  for (const [name, text, line, field] of [["an unknown column", "nmae,vertical\nA,motor\n", 1, "nmae"], ["a doubled column", "name,name\nA,B\n", 1, "name"], ["nothing", "", 1, null], ["an open quote", 'name,vertical\n"A,motor\n', 2, null], ["NUL", "name,vertical\nA\0,motor\n", 2, "name"]]) {
    const answer = await send("own", text);
    assert.equal(answer.status, 422, name);
    assert.deepEqual([answer.body.errors[0].line, answer.body.errors[0].field], [line, field], name);
  }
  assert.deepEqual((await send("own", "current_policy_no,name,vertical\nPOL/77,A,motor\n")).body, { added: 1, updated: 0, unchanged: 0 });
  assert.deepEqual((await send("own", "current_policy_no,name,vertical\npol / 77,B,motor\n")).body, { added: 0, updated: 1, unchanged: 0 });
  const twice = await send("own", "current_policy_no,name,vertical\nPOL/88,A,motor\npol 88,B,motor\nPOL/88,C,motor\n");
  assert.equal(twice.status, 422);
  assert.deepEqual(twice.body.errors.map(({ line, field, reason }) => [line, field, reason]), [[4, null, "it is the same record as line 2"]]);
  assert.deepEqual((await send("manager", "name,vertical,owner\nX,motor,FOREIGN@one.example\n")).body, { added: 1, updated: 0, unchanged: 0 });
  assert.equal((await ask("foreign", "GET", customers)).body.total, 1);
  assert.equal((await send("own", `name,vertical\n${"A,motor\n".repeat(1_400_000)}`)).status, 413);
});

test("Idempotency-Key: a repeat gets the first answer, another body 422, another user its own job", async (t) => {
  const { ask, server, users } = await openOffice(t);
  const press = (who, body, key = "k") => ask(who, "POST", `${api}/sync/to-sheet`, body, { "idempotency-key": key });
  const first = await press("own", { tabName: "general" });
  assert.equal(first.status, 202);
  await jobWhenDone(server.root, users.own.token, first.body.jobId);
  assert.equal((await press("own", { tabName: "general" })).text, first.text);
  const empty = await press("own", undefined, "m");
  assert.equal(empty.status, 202);
  assert.equal((await press("own", {}, "m")).text, empty.text, "a missing body is {}");
  const other = await press("own", {});
  assert.equal(other.status, 422);
  assert.deepEqual(other.body.errors.map(({ field }) => field), ["Idempotency-Key"]);
  assert.notEqual((await press("foreign", { tabName: "general" })).body.jobId, first.body.jobId);
  assert.notEqual((await press("own", { tabName: "general" }, "l")).body.jobId, first.body.jobId);
  assert.equal((await ask("own", "GET", `${api}/sync/jobs`)).body.jobs.length, 3);
});

test("a session's cookie: HttpOnly, and for changes a JSON type and a same-origin proof", async (t) => {
  const { server, users } = await openOffice(t);
  const signedIn = await call(server.root, "", "POST", "/api/auth/login", { email: users.own.email, password: kPassword, token: true });
  const set = signedIn.headers.get("set-cookie");
  assert.match(set, /^rowlane_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  assert.equal((await call(server.root, signedIn.body.token, "GET", "/api/auth/me")).status, 200);
  const cookie = set.split(";")[0];
  const host = new URL(server.root).host;
  const body = '{"name":"A","vertical":"motor"}';
  const post = (headers) => call(server.root, "", "POST", customers, body, { cookie, ...headers });
  const json = { "content-type": "application/json" };
  for (const [name, headers, status] of [
    ["no proof", json, 403],
    ["another site", { ...json, "sec-fetch-site": "cross-site" }, 403],
    ["the same site", { ...json, "sec-fetch-site": "same-site", origin: `http://${host}` }, 403],
    ["another origin", { ...json, origin: "http://evil.example" }, 403],
    ["a form's type", { "content-type": "text/plain", "sec-fetch-site": "same-origin" }, 403],
    ["the own page", { ...json, "sec-fetch-site": "same-origin" }, 201],
    ["Origin equal to Host", { ...json, origin: `http://${host}` }, 201],
  ]) assert.equal((await post(headers)).status, status, name);
  assert.equal((await call(server.root, "", "GET", customers, undefined, { cookie })).body.total, 2);

  // A new password ends the other sessions and all tokens, and keeps this one; signing out ends it.
  const own = { ...json, cookie, "sec-fetch-site": "same-origin" };
  const second = (await call(server.root, "", "POST", "/api/auth/login", { email: users.own.email, password: kPassword })).headers.get("set-cookie").split(";")[0];
  const me = (session) => call(server.root, "", "GET", "/api/auth/me", undefined, { cookie: session });
  assert.equal((await me(second)).status, 200);
  const change = (password, newPassword) => call(server.root, "", "POST", "/api/auth/password", { password, newPassword }, own);
  assert.equal((await change("wrong", "another password")).status, 403);
  assert.deepEqual((await change(kPassword, "short")).body.errors.map(({ field }) => field), ["newPassword"]);
  assert.equal((await change(kPassword, "another password")).status, 204);
  assert.equal((await me(second)).status, 401);
  assert.equal((await me(cookie)).status, 200);
  assert.equal((await call(server.root, "", "POST", "/api/auth/login", { email: users.own.email, password: kPassword })).status, 401);
  assert.equal((await call(server.root, signedIn.body.token, "GET", "/api/auth/me")).status, 401, "its tokens end, too");
  const { token } = (await call(server.root, "", "POST", "/api/auth/login", { email: users.own.email, password: "another password", token: true })).body;
  assert.equal((await call(server.root, token, "POST", "/api/auth/logout")).status, 204);
  assert.equal((await call(server.root, token, "GET", "/api/auth/me")).status, 401, "a token signs out for good");
  const out = await call(server.root, "", "POST", "/api/auth/logout", "{}", own);
  assert.equal(out.status, 204);
  assert.match(out.headers.get("set-cookie"), /^rowlane_session=; .*Max-Age=0/);
  assert.equal((await me(cookie)).status, 401);
});

test("sign-in answers the same for a wrong password and an unknown user, and slows a guesser down", async (t) => {
  const { server, users } = await openOffice(t);
  const signIn = (email, password) => call(server.root, "", "POST", "/api/auth/login", { email, password });
  const unknown = await signIn("nobody@one.example", "x");
  const wrong = await signIn(users.own.email, "x");
  assert.deepEqual([unknown.status, unknown.text], [wrong.status, wrong.text]);
  // Many guesses at once: those beyond the free ones are refused, a right one among them too.
  const guesses = await Promise.all(Array.from({ length: 20 }, (_, i) => signIn(users.manager.email, `guess ${i}`)));
  const refused = guesses.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 14, String(refused.length));
  assert.ok(refused.every(({ headers }) => Number(headers.get("retry-after")) >= 1));
  assert.equal((await signIn(users.manager.email, kPassword)).status, 429);
  assert.equal((await signIn(users.foreign.email, kPassword)).status, 200, "another account from the same address");
});
