// The process dies at every step of a pass, as by kill -9, and is started again: the sheet, the counts and the history
// come out as if nothing had happened. Needs a program with stop points (ROWLANE_STOP_POINTS).
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { call as ask, openEvents, scratch, startDemo } from "./support.mjs";

const call = (root, user, path, { method = "GET", body } = {}) => ask(root, `token_user_${user}`, method, path, body);
const press = (root, user) => call(root, user, "/api/insurance/sync/to-sheet", { method: "POST", body: "{}" });
const ended = ["succeeded", "failed", "held", "cancelled"];

async function jobsWhenDone(root) {
  for (;;) {
    const { body } = await call(root, 11, "/api/insurance/sync/jobs?limit=200");
    if (body.jobs.every((job) => ended.includes(job.state))) return body.jobs;
  }
}

async function historyOf(root, job) {
  const entries = [];
  for (let cursor = ""; cursor !== null; ) {
    const { body } = await call(root, 11, `/api/insurance/history?job=${job}&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    entries.push(...body.history);
    cursor = body.nextCursor;
  }
  return entries;
}

// What a run comes to, apart from times and ids.
async function outcome(root) {
  const jobs = (await jobsWhenDone(root)).sort((a, b) => Number(a.id) - Number(b.id));
  const out = [];
  for (const job of jobs) {
    assert.equal(job.state, "succeeded", `${job.id}: ${job.state} ${job.error}`);
    const entries = await historyOf(root, job.id);
    const { exported, added, updated, deleted, kept } = job.result;
    out.push({ exported, added, updated, deleted, kept, history: entries.length, once: new Set(entries.map((e) => `${e.record} ${e.what} ${e.field}`)).size });
  }
  return out;
}

test("killed at any step of a pass, each job takes effect once", { timeout: 600_000 }, async (t) => {
  const folder = scratch(t);
  const template = join(folder, "template");
  const seeded = await startDemo(t, template);
  await seeded.stop("SIGTERM");

  const run = async (point) => {
    const data = join(folder, point.replace(":", "-"));
    cpSync(template, data, { recursive: true });
    let server = await startDemo(t, data, point === "never" ? {} : { ROWLANE_STOP_AT: point });
    const gone = once(server.child, "exit");
    // An answer may be lost with the process: what counts is what was accepted.
    const accepted = (await Promise.allSettled([press(server.root, 1), press(server.root, 2)])).map((each) => each.value?.status === 202);
    if (point !== "never") {
      assert.deepEqual(await gone, [null, "SIGKILL"], `${point} was never reached`);
      server = await startDemo(t, data);
      for (const [i, user] of [1, 2].entries()) {
        const { body } = await call(server.root, user, "/api/insurance/sync/jobs");
        assert.ok(body.jobs.length > 0 || !accepted[i], `${point}: an accepted job is lost`);
        if (body.jobs.length === 0) await press(server.root, user);
      }
    }
    const result = await outcome(server.root);
    await press(server.root, 1);
    const [last] = (await jobsWhenDone(server.root)).sort((a, b) => Number(b.id) - Number(a.id));
    assert.equal(last.result.calls.writes, 0, `${point}: the sheet was not right yet`);
    await server.stop("SIGTERM");
    return result;
  };

  const sum = (jobs, member) => jobs.reduce((total, job) => total + job[member], 0);
  const plain = await run("never");
  assert.ok(sum(plain, "added") + sum(plain, "updated") > 0);
  for (const point of ["claim", "read", "plan", "journal", "write", "commit", "agreed", "finish"]) {
    const result = await run(point);
    for (const member of ["added", "updated", "deleted", "history", "once"]) assert.equal(sum(result, member), sum(plain, member), `${point}: ${member}`);
  }
});

test("killed in the middle of an import, all of it is there after the restart, or nothing", { timeout: 300_000 }, async (t) => {
  const folder = scratch(t);
  const template = join(folder, "template");
  const seeded = await startDemo(t, template);
  await seeded.stop("SIGTERM");
  const known = 10, fresh = 290; // of user1's records some are changed, the others are new
  for (const [point, found] of [["staged", 0], ["import:1", 300], ["import:2", 300]]) {
    const data = join(folder, point.replace(":", "-"));
    cpSync(template, data, { recursive: true });
    let server = await startDemo(t, data, { ROWLANE_STOP_AT: point });
    const { body } = await call(server.root, 1, `/api/insurance/customers?limit=${known}`);
    const lines = [
      ...body.customers.map(({ id, name, vertical }) => `${id},"${name}",${vertical},imported`),
      ...Array.from({ length: fresh }, (_, i) => `,Imported ${i},motor,imported`),
    ];
    const gone = once(server.child, "exit");
    const csv = `id,name,vertical,status\n${lines.join("\n")}\n`;
    await ask(server.root, "token_user_1", "POST", "/api/insurance/customers/import", csv, { "content-type": "text/csv" }).catch(() => {});
    assert.deepEqual(await gone, [null, "SIGKILL"], `${point} was never reached`);
    server = await startDemo(t, data);
    const total = async () => (await call(server.root, 1, "/api/insurance/customers?limit=1&status=imported")).body.total;
    if (found) await untilTold(t, server.root, async () => (await total()) === found);
    assert.equal(await total(), found, point);
    const { body: told } = await call(server.root, 1, "/api/insurance/activity?limit=5");
    assert.equal(told.activity.filter(({ text }) => text.includes("imported: 290 added, 10 changed")).length, found ? 1 : 0, point);
    await server.stop("SIGTERM");
  }
});

// Looks at each event of user1's records until `isSo`.
async function untilTold(t, root, isSo) {
  const stream = await openEvents(t, root, { token: "token_user_1" });
  while (!(await isSo())) await Promise.race([stream.next(() => true), isSo()]);
  stream.close();
}
