// The program itself as its users see it: ten presses at once, kill -9 in mid-sync, the restart.
// ROWLANE_PROGRAM names the server; without it, the one of the default build folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const program = process.env.ROWLANE_PROGRAM ?? fileURLToPath(new URL("../../build/rowlane", import.meta.url));

async function start(data) {
  const child = spawn(program, ["demo", "--data", data, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const root = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout.on("data", (text) => {
      const found = /Rowlane demo: (\S+)/.exec(String(text));
      if (found) resolve(found[1]);
    });
  });
  return { child, root };
}

const call = async (root, user, path, options = {}) => {
  const answer = await fetch(root + path, { ...options, headers: { authorization: `Bearer token_user_${user}`, "content-type": "application/json" } });
  return { status: answer.status, body: await answer.json() };
};
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

test("ten users press at once, the server is killed in mid-sync, and the sheet ends right", { timeout: 300_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), "rowlane-"));
  let server = await start(data);
  try {
    const users = Array.from({ length: 10 }, (_, i) => i + 1);
    const first = await Promise.all(users.map((user) => press(server.root, user)));
    assert.ok(first.every(({ status, body }) => status === 202 && body.queued === true && body.success === true));

    server.child.removeAllListeners("exit");
    server.child.kill("SIGKILL");
    await once(server.child, "exit");
    server = await start(data);

    const jobs = await jobsWhenDone(server.root);
    assert.equal(jobs.length, 10);
    assert.ok(jobs.every((job) => job.state === "succeeded" && job.result.exported === 200));
    const seen = await ids(server.root);
    assert.equal(seen.length, 2000);
    assert.equal(new Set(seen).size, 2000);

    await Promise.all(users.map((user) => press(server.root, user)));
    const again = (await jobsWhenDone(server.root)).slice(0, 10);
    assert.ok(again.every((job) => job.result.calls.writes === 0));

    server.child.removeAllListeners("exit");
    const ended = once(server.child, "exit");
    server.child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  } finally {
    server.child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
});
