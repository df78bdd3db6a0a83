// The access matrix: what each kind of caller gets of each route. A route without a line here fails the test, and so
// does a line without a route.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, openOffice } from "./office.mjs";
import { call, kPassword } from "./support.mjs";

const callers = ["nobody", "own", "foreign", "manager", "stranger", "admin", "disabled"];
const everybody = (status) => [status, status, status, status, status, status, status];
const signedIn = (status) => [401, status, status, status, status, status, 401];
const withRecords = (status) => [401, status, status, status, status, 403, 401];
// Of one record or job: its owner and the owner's manager; for all others it is not there.
const theirs = (status) => [401, status, 404, status, 404, 403, 401];

// "METHOD path": [expected status of each caller, what is sent]. `target` is made anew for every caller.
const record = async ({ make }) => (await make()).id;
const tombstone = async ({ ask, make }) => {
  const { id } = await make();
  await ask("own", "DELETE", `${api}/customers/${id}`);
  return id;
};
const job = async ({ makeJob }) => (await makeJob()).id;
const matrix = {
  "POST /api/auth/login": { expected: everybody(200), body: ({ users }) => ({ email: users.own.email, password: kPassword }) },
  "GET /api/auth/me": { expected: signedIn(200) },
  "POST /api/auth/password": { expected: signedIn(204), body: () => ({ password: kPassword, newPassword: kPassword }) },

  [`GET ${api}/customers`]: { expected: withRecords(200) },
  [`POST ${api}/customers`]: { expected: withRecords(201), body: () => ({ name: "B", vertical: "life" }) },
  [`PATCH ${api}/customers`]: { expected: theirs(200), target: record, body: (_, id) => ({ ids: [id], set: { notes: "n" } }) },
  [`DELETE ${api}/customers`]: { expected: theirs(200), target: record, body: (_, id) => ({ ids: [id] }) },
  [`POST ${api}/customers/import`]: { expected: withRecords(200), body: () => "name,vertical\nC,motor\n", type: "text/csv" },
  [`GET ${api}/customers/export`]: { expected: withRecords(200) },
  [`GET ${api}/customers/ids`]: { expected: withRecords(200) },
  [`GET ${api}/customers/totals`]: { expected: withRecords(200) },
  [`POST ${api}/customers/undo`]: { expected: withRecords(200), body: () => ({ undo: "1-1" }) },
  [`GET ${api}/customers/{id}`]: { expected: theirs(200), target: record },
  [`PUT ${api}/customers/{id}`]: { expected: theirs(200), target: record, body: () => ({ name: "D", vertical: "motor" }) },
  [`PATCH ${api}/customers/{id}`]: { expected: theirs(200), target: record, body: () => ({ notes: "n" }) },
  [`DELETE ${api}/customers/{id}`]: { expected: theirs(204), target: record },
  [`POST ${api}/customers/{id}/restore`]: { expected: theirs(200), target: tombstone },

  [`POST ${api}/sync/to-sheet`]: { expected: withRecords(202), body: () => ({}) },
  [`GET ${api}/sync/status`]: { expected: withRecords(200) },
  [`GET ${api}/sync/queue`]: { expected: withRecords(200) },
  [`GET ${api}/sync/jobs`]: { expected: withRecords(200) },
  [`GET ${api}/sync/jobs/{id}`]: { expected: theirs(200), target: job },
  // The job has ended: whoever may see it is told that it is too late.
  [`POST ${api}/sync/jobs/{id}/cancel`]: { expected: theirs(409), target: job },
  [`POST ${api}/sync/jobs/{id}/confirm`]: { expected: theirs(409), target: job },
  [`POST ${api}/sync/jobs/{id}/retry`]: { expected: theirs(409), target: job },

  [`GET ${api}/activity`]: { expected: withRecords(200) },
  [`GET ${api}/history`]: { expected: withRecords(200) },
  [`GET ${api}/config`]: { expected: signedIn(200) },
  [`GET ${api}/users`]: { expected: signedIn(200) },

  "GET /api/events": { expected: withRecords(200), stream: true },

  "GET /healthz": { expected: everybody(200) },
  "GET /readyz": { expected: everybody(200) },
  "GET /metrics": { expected: everybody(200) }, // on loopback; elsewhere see tests/unit/api
  "GET /openapi.json": { expected: everybody(200) },
  "POST /api/auth/logout": { expected: signedIn(204) },  // the last: it ends the callers' tokens
};

// The head of an answer that does not end by itself.
async function peek(office, who, path) {
  const headers = office.users[who] ? { authorization: `Bearer ${office.users[who].token}` } : {};
  const answer = await fetch(office.server.root + path, { headers });
  await answer.body.cancel();
  return { status: answer.status, type: answer.headers.get("content-type") };
}

test("every route answers every kind of caller as the matrix says", { timeout: 300_000 }, async (t) => {
  const office = await openOffice(t);
  const { body: document } = await call(office.server.root, "", "GET", "/openapi.json");
  const routes = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  assert.deepEqual(routes.toSorted(), Object.keys(matrix).toSorted());
  for (const [route, { expected, target, body, type, stream }] of Object.entries(matrix)) {
    const [method, path] = route.split(" ");
    for (const [i, who] of callers.entries()) {
      const id = target ? await target(office) : "";
      const answer = stream ? await peek(office, who, path) : await office.ask(who, method, path.replace("{id}", id), body?.(office, id), type ? { "content-type": type } : {});
      assert.equal(answer.status, expected[i], `${route} by ${who}: ${answer.text}`);
      if (answer.status >= 400) assert.equal(answer.type, "application/problem+json", `${route} by ${who}`);
    }
  }
});

test("a foreign, a missing and a malformed id get one answer, before anything else is looked at", async (t) => {
  const office = await openOffice(t);
  const { id } = await office.make();
  const finished = await office.makeJob();
  const spoilt = { body: "{not JSON", headers: { "if-match": "no version", "content-type": "application/json" } };
  const paths = [
    ["GET", (x) => `${api}/customers/${x}`], ["PUT", (x) => `${api}/customers/${x}`], ["PATCH", (x) => `${api}/customers/${x}`], ["DELETE", (x) => `${api}/customers/${x}`],
    ["POST", (x) => `${api}/customers/${x}/restore`], ["GET", (x) => `${api}/history?record=${x}`],
  ];
  const jobPaths = [["GET", (x) => `${api}/sync/jobs/${x}`], ["GET", (x) => `${api}/history?job=${x}`], ...["cancel", "confirm", "retry"].map((verb) => ["POST", (x) => `${api}/sync/jobs/${x}/${verb}`])];
  const cases = [...paths.map((p) => [...p, [id, "aaaaaaaaaaaaaaaaaa", "%00", "..%2F..", "1"]]), ...jobPaths.map((p) => [...p, [finished.id, "999999", "x", "-1", "1e3", "99999999999999999999"]])];
  for (const [method, path, ids] of cases) {
    const answers = [];
    for (const one of ids) {
      const sent = method === "GET" ? {} : spoilt;
      const { status, text } = await office.ask("foreign", method, path(one), sent.body, sent.headers);
      assert.equal(status, 404, `${method} ${path(one)}`);
      answers.push(text);
    }
    assert.equal(new Set(answers).size, 1, `${method} ${path("ID")}: ${[...new Set(answers)].join(" | ")}`);
  }
});

test("a spreadsheet of the local service is there for its own agency alone", async (t) => {
  const office = await openOffice(t);
  const own = ["/v4/spreadsheets/book-one", "/v4/spreadsheets/book-one/values/Sheet1!A1", "/drive/v3/files/book-one", "/d/book-one"];
  for (const path of own) {
    assert.equal((await office.ask("own", "GET", `/local-sheets${path}`)).status, 200, path);
    assert.equal((await office.ask("nobody", "GET", `/local-sheets${path}`)).status, 401, path);
    assert.equal((await office.ask("disabled", "GET", `/local-sheets${path}`)).status, 401, path);
    assert.equal((await office.ask("admin", "GET", `/local-sheets${path}`)).status, 403, path);
    assert.equal((await office.ask("stranger", "GET", `/local-sheets${path}`)).status, 404, path);
  }
  const around = ["/v4/spreadsheetsbook-one", "/v4//spreadsheets/book-one", "/v4/spreadsheets/%62ook-one", "/v4/spreadsheets/book-two/../book-one", "/drive/v3/files", "/drive/v3/changes?pageToken=1", "/d/../v4/spreadsheets/book-one"];
  for (const path of around) assert.equal((await office.ask("stranger", "GET", `/local-sheets${path}`)).status, 404, path);
  assert.equal((await office.ask("stranger", "GET", "/%6cocal-sheets/v4/spreadsheets/book-one")).status, 404);
  assert.equal((await office.ask("stranger", "POST", "/local-sheets/v4/spreadsheets", {})).status, 404);
});
