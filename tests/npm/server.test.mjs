// The program itself as its users see it: ten presses at once, kill -9 in mid-sync, the restart.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { call as ask, scratch, startDemo } from "./support.mjs";

const call = (root, user, path, { method = "GET", body } = {}) => ask(root, `token_user_${user}`, method, path, body);
const press = (root, user) => call(root, user, "/api/insurance/sync/to-sheet", { method: "POST", body: "{}" });

// Asks until every job of the agency has ended: the jobs are the event, and each question is bounded by fetch itself.
async function jobsWhenDone(root) {
  for (;;) {
    const { body } = await call(root, 11, "/api/insurance/sync/jobs?limit=200");
    if (body.jobs.every((job) => ["succeeded", "failed", "held", "cancelled"].includes(job.state))) return body.jobs;
  }
}
async function ids(root) {
  const out = [];
  for (const [tab, range] of [["general_ins", "I2:I4000"], ["Life_ins", "F2:F4000"]]) {
    const { body } = await call(root, 11, `/local-sheets/v4/spreadsheets/demo-book/values/${tab}!${range}`);
    for (const row of body.values ?? []) if (row[0]) out.push(row[0]);
  }
  return out;
}

test("ten users press at once, the server is killed in mid-sync, and the sheet ends right", { timeout: 300_000 }, async (t) => {
  const data = join(scratch(t), "data");
  let server = await startDemo(t, data);
  const users = Array.from({ length: 10 }, (_, i) => i + 1);
  const first = await Promise.all(users.map((user) => press(server.root, user)));
  assert.ok(first.every(({ status, body }) => status === 202 && body.queued === true && body.success === true));
  await server.stop("SIGKILL");
  server = await startDemo(t, data);

  const jobs = await jobsWhenDone(server.root);
  assert.equal(jobs.length, 10);
  assert.ok(jobs.every((job) => job.state === "succeeded" && job.result.exported === 200));
  const seen = await ids(server.root);
  assert.equal(seen.length, 2000);
  assert.equal(new Set(seen).size, 2000);

  await Promise.all(users.map((user) => press(server.root, user)));
  const again = (await jobsWhenDone(server.root)).slice(0, 10);
  assert.ok(again.every((job) => job.result.calls.writes === 0));
  assert.deepEqual(await server.stop("SIGTERM"), [0, null]);
});
