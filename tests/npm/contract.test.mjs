// The interface against its own description: every operation of openapi.json is called on a live server, and each
// answer must be one that the document has, of its media type and schema. Requests that succeed must fit theirs.
// (That every registered route is in the document, and nothing else, tests/unit/api shows on the route table.)
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { api, openOffice } from "./office.mjs";
import { call } from "./support.mjs";

// Validates against the schema at a JSON pointer of the document.
function makeValidator(document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: "doc", ...document });
  return (pointer, value, what) => {
    const path = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const validate = ajv.getSchema(`doc#/${path}`);
    assert.ok(validate, `no schema at ${pointer.join(" / ")}`);
    assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  };
}

class Contract {
  constructor(office, document) {
    this.office = office;
    this.document = document;
    this.validate = makeValidator(document);
    this.operations = new Map();
    this.seen = new Set();
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods)) this.operations.set(operation.operationId, { path, method, operation });
  }

  // Calls an operation as `who` and holds what came to the document; the answer.
  async call(id, who, { target = "", query = "", body, headers = {}, status } = {}) {
    const { path, method, operation } = this.operations.get(id) ?? assert.fail(`no operation ${id}`);
    const answer = await this.office.ask(who, method.toUpperCase(), path.replace("{id}", target) + query, body, headers);
    const what = `${id} by ${who}`;
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    const described = operation.responses[String(status)];
    assert.ok(described, `${what}: ${status} is not in the document`);
    const [media] = Object.keys(described.content ?? {});
    if (media === undefined) assert.equal(answer.text, "", what);
    else assert.equal(answer.type.split(";")[0], media, what);
    const at = ["paths", path, method];
    if (media?.includes("json")) this.validate([...at, "responses", String(status), "content", media, "schema"], answer.body, what);
    if (media === "application/problem+json") assert.ok(answer.body.status === status && answer.body.error.length > 0, what);
    if (status < 300 && body !== undefined) {
      const [sent] = Object.keys(operation.requestBody?.content ?? {});
      assert.ok(sent, `${what}: the document has no body`);
      this.validate([...at, "requestBody", "content", sent, "schema"], body, `${what}, request`);
    }
    this.seen.add(`${id} ${status}`);
    return answer;
  }
}

test("every operation answers as openapi.json says", { timeout: 300_000 }, async (t) => {
  const office = await openOffice(t);
  const { body: document } = await call(office.server.root, "", "GET", "/openapi.json");
  // What the dashboard's types are made of. Anew: curl SERVER/openapi.json | python3 -m json.tool --indent 1 >web/openapi.json
  assert.deepEqual(JSON.parse(readFileSync(new URL("../../web/openapi.json", import.meta.url), "utf8")), document);
  const contract = new Contract(office, document);
  const it = (...args) => contract.call(...args);

  for (const id of ["healthz", "readyz", "metrics", "openapi"]) await it(id, "nobody", { status: 200 });

  // Signing in.
  const password = "a long password";
  await it("login", "nobody", { body: { email: office.users.own.email, password, token: true }, status: 200 });
  await it("login", "nobody", { body: { email: office.users.own.email, password }, status: 200 });
  await it("login", "nobody", { body: { email: office.users.own.email, password: "wrong" }, status: 401 });
  await it("login", "nobody", { body: { email: 5 }, status: 400 });
  await it("me", "admin", { status: 200 });
  await it("me", "nobody", { status: 401 });
  await it("password", "own", { body: { password, newPassword: password }, status: 204 });
  await it("password", "own", { body: { password: "wrong", newPassword: password }, status: 403 });
  await it("password", "own", { body: { password, newPassword: "short" }, status: 400 });
  await it("config", "own", { status: 200 });
  for (const who of ["own", "manager", "admin"]) await it("users", who, { query: "?limit=1", status: 200 });
  await it("users", "own", { query: "?cursor=x", status: 400 });

  // Records.
  const whole = { name: "Asha", vertical: "motor", premium: 12.5, renewal_date: "2026-04-03", thank_you_sent: true, current_policy_no: "P/1", extra: { area: "North" } };
  const { body: made } = await it("create_customer", "own", { body: whole, status: 201 });
  await it("create_customer", "own", { body: { name: "B", vertical: "boat" }, status: 400 });
  await it("create_customer", "admin", { body: whole, status: 403 });
  await it("create_customer", "own", { body: "<a/>", headers: { "content-type": "text/xml" }, status: 415 });
  await it("get_customer", "own", { target: made.id, status: 200 });
  await it("get_customer", "foreign", { target: made.id, status: 404 });
  await it("list_customers", "own", { query: "?limit=1&sort=-premium&renewal_from=2026-01-01", status: 200 });
  await it("list_customers", "own", { query: "?limit=0", status: 400 });
  const { body: put } = await it("put_customer", "own", { target: made.id, body: { ...made, notes: "n" }, headers: { "if-match": `"${made.version}"` }, status: 200 });
  await it("put_customer", "own", { target: made.id, body: whole, headers: { "if-match": `"${made.version}"` }, status: 412 });
  await it("patch_customer", "own", { target: made.id, body: { notes: null, premium: 1 }, headers: { "if-match": `"${put.version}"` }, status: 200 });
  await it("patch_customer", "own", { target: made.id, body: { nmae: "x" }, status: 400 });
  await it("patch_customers", "manager", { body: { ids: [made.id], set: { status: "new" } }, status: 200 });
  await it("patch_customers", "foreign", { body: { ids: [made.id], set: { status: "new" } }, status: 404 });
  const { id: second } = await office.make();
  const { body: gone } = await it("delete_customers", "own", { body: { ids: [second] }, status: 200 });
  await it("undo_customers", "own", { body: { undo: gone.undo }, status: 200 });
  for (const undo of ["all", "2-1", "1-9999999", 5]) await it("undo_customers", "own", { body: { undo }, status: 400 });
  await it("undo_customers", "admin", { body: { undo: "1-1" }, status: 403 });
  await it("delete_customers", "own", { body: { ids: [second] }, status: 200 });
  for (const id of ["customer_ids", "customer_totals"]) {
    await it(id, "own", { query: "?vertical=motor", status: 200 });
    await it(id, "own", { query: "?vertical=boat", status: 400 });
    await it(id, "admin", { status: 403 });
  }
  await it("delete_customers", "own", { body: { ids: [] }, status: 400 });
  const { body: bin } = await it("list_customers", "own", { query: "?deleted=1", status: 200 });
  assert.deepEqual(bin.customers.map(({ id }) => id), [second]);
  assert.match(bin.customers[0].deletedAt, /Z$/);
  assert.equal((await it("list_customers", "foreign", { query: "?deleted=1", status: 200 })).body.total, 0);
  await it("list_customers", "own", { query: "?deleted=maybe", status: 400 });
  await it("get_customer", "own", { target: second, status: 404 });
  await it("get_customer", "own", { target: second, query: "?deleted=1", status: 200 });
  await it("get_customer", "foreign", { target: second, query: "?deleted=1", status: 404 });
  assert.equal((await it("list_customers", "own", { query: "?policy_no=none-such", status: 200 })).body.total, 0);
  await it("restore_customer", "own", { target: second, status: 200 });
  await it("restore_customer", "own", { target: second, status: 409 });
  await it("delete_customer", "own", { target: second, headers: { "if-match": '"99"' }, status: 412 });
  await it("delete_customer", "own", { target: second, status: 204 });
  const { text: csv } = await it("export_customers", "manager", { status: 200 });
  await it("import_customers", "manager", { body: csv, headers: { "content-type": "text/csv" }, status: 200 });
  await it("import_customers", "own", { query: "?skip_bad=1", body: "name,vertical\nC,motor\nD,boat\n", headers: { "content-type": "text/csv" }, status: 200 });
  await it("import_customers", "own", { body: "name,vertical\nD,boat\n", headers: { "content-type": "text/csv" }, status: 422 });

  // Jobs.
  await it("sync_status", "own", { status: 200 });
  const { body: queued } = await it("sync_to_sheet", "own", { body: { tabName: "general_ins", deletedCustomers: [second, { current_policy_no: "P/none" }] }, headers: { "idempotency-key": "k" }, status: 202 });
  await it("sync_to_sheet", "own", { body: { tabName: "Life_ins" }, headers: { "idempotency-key": "k" }, status: 422 });
  await it("sync_to_sheet", "own", { body: { tabName: "nowhere" }, status: 400 });
  const finished = await office.makeJob();
  assert.equal(finished.state, "succeeded", JSON.stringify(finished));
  await it("get_job", "own", { target: queued.jobId, status: 200 });
  await it("get_job", "foreign", { target: queued.jobId, status: 404 });
  await it("sync_status", "own", { query: "?tabName=life", status: 200 });
  await it("sync_status", "own", { query: "?tabName=nowhere", status: 400 });
  await it("sync_queue", "manager", { status: 200 });
  await it("list_jobs", "manager", { query: "?limit=1", status: 200 });
  for (const id of ["cancel_job", "confirm_job", "retry_job"]) await it(id, "own", { target: finished.id, status: 409 });
  await settleHeld(contract);

  await it("activity", "manager", { status: 200 });
  await it("events", "admin", { status: 403 });
  await it("history", "manager", { status: 200 });
  await it("history", "own", { query: `?record=${made.id}&limit=2`, status: 200 });
  await it("history", "own", { query: "?record=none", status: 404 });
  await it("logout", "foreign", { status: 204 });

  contract.seen.add("events 200"); // it has no end: events.test.mjs reads it
  const missing = [];
  for (const [id, { operation }] of contract.operations)
    for (const status of Object.keys(operation.responses)) if (status < 300 && !contract.seen.has(`${id} ${status}`)) missing.push(`${id} ${status}`);
  assert.deepEqual(missing, [], "operations whose answer was not seen");
});

// A job that the brake holds, confirmed; another, cancelled and tried again.
async function settleHeld(contract) {
  const { ask, makeJob } = contract.office;
  for (const settle of ["confirm_job", "cancel_job"]) {
    const lines = Array.from({ length: 80 }, (_, i) => `N${i},motor,${settle}/${1000 + i}`);
    const imported = await ask("own", "POST", `${api}/customers/import`, `name,vertical,current_policy_no\n${lines.join("\n")}\n`, { "content-type": "text/csv" });
    assert.equal(imported.body.added, 80, imported.text);
    assert.equal((await makeJob()).state, "succeeded");
    const { body } = await ask("own", "GET", `${api}/customers?limit=200&search=${settle}`);
    await ask("own", "DELETE", `${api}/customers`, { ids: body.customers.map(({ id }) => id) });
    const held = await makeJob();
    assert.equal(held.state, "held");
    assert.equal(held.result.held.length, 80);
    await contract.call(settle, "own", { target: held.id, status: 200 });
    if (settle === "cancel_job") await contract.call("retry_job", "own", { target: held.id, status: 202 });
  }
}
