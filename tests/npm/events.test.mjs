// The stream of events as a page meets it: what it tells whom, how it goes on, when it ends.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { api, openOffice } from "./office.mjs";
import { addUser, call, kPassword, openEvents, run, startServer } from "./support.mjs";

const isJob = (state) => ({ name, data }) => name === "job" && data.state === state;
const isRecord = (id) => ({ name, data }) => name === "customer" && data.id === id;
const many = (prefix, count) => `name,vertical\n${Array.from({ length: count }, (_, i) => `${prefix}${i},motor`).join("\n")}\n`;

test("edits and jobs are told to their user and the manager, and to nobody else", { timeout: 60_000 }, async (t) => {
  const office = await openOffice(t);
  const streams = {};
  for (const who of ["own", "foreign", "manager", "stranger"]) streams[who] = await openEvents(t, office.server.root, office.users[who]);
  const record = await office.make({ premium: 5 });
  for (const who of ["own", "manager"]) {
    const { data } = await streams[who].next(isRecord(record.id));
    assert.deepEqual(data, record, "the event is the record as the API shows it");
  }
  const job = await office.makeJob();
  for (const who of ["own", "manager"]) {
    const { data } = await streams[who].next(isJob("succeeded"));
    assert.deepEqual(data, job, "the event is the job as the API shows it");
    assert.equal((await streams[who].next((event) => event.name === "customer" && event.data.sync.state === "synced")).data.id, record.id);
  }
  await office.ask("own", "DELETE", `${api}/customers/${record.id}`);
  assert.deepEqual((await streams.own.next(isRecord(record.id))).data, { id: record.id, deleted: true });

  await office.ask("manager", "POST", `${api}/customers/import`, many("M", 120), { "content-type": "text/csv" });
  assert.deepEqual((await streams.manager.next(({ name }) => name === "customers")).data, { count: 120 });
  // What comes last for everybody shows that nothing came before.
  const mark = await office.ask("foreign", "POST", `${api}/customers`, { name: "Mark", vertical: "life" });
  await streams.foreign.next(isRecord(mark.body.id));
  assert.deepEqual(streams.foreign.taken, []);
  const other = await office.ask("stranger", "POST", `${api}/customers`, { name: "Mark", vertical: "life" });
  await streams.stranger.next(isRecord(other.body.id));
  assert.deepEqual(streams.stranger.taken, []);
});

test("a stream goes on after its last event id, over a restart too; an unknown id is a reset", { timeout: 60_000 }, async (t) => {
  const office = await openOffice(t);
  const first = await openEvents(t, office.server.root, office.users.own);
  const { id: seen } = await office.make();
  await first.next(isRecord(seen));
  first.close();
  await first.ended;
  const { id: missed } = await office.make({ name: "Missed" });
  await office.server.stop("SIGKILL");
  const server = await startServer(t, office.config);
  const again = await openEvents(t, server.root, { ...office.users.own, lastEventId: first.lastEventId });
  assert.equal((await again.next(isRecord(missed))).data.name, "Missed");
  assert.ok(again.taken.every(({ data }) => data.id !== seen));
  for (const unknown of ["99999999", "nonsense"]) {
    const fresh = await openEvents(t, server.root, { ...office.users.own, lastEventId: unknown });
    await fresh.next(({ name }) => name === "reset");
    fresh.close();
  }
});

test("logout, revocation and disabling end a stream within a second", { timeout: 60_000 }, async (t) => {
  const office = await openOffice(t);
  const { root } = office.server;
  const { config } = office;
  const login = await call(root, "", "POST", "/api/auth/login", { email: office.users.own.email, password: kPassword });
  const cookie = login.headers.get("set-cookie").split(";")[0];
  const gone = await addUser(config, "one", "leaving", "agent");
  const cases = [
    ["logout", { cookie }, async () => assert.equal((await fetch(`${root}/api/auth/logout`, { method: "POST", headers: { cookie, "content-type": "application/json", "sec-fetch-site": "same-origin" } })).status, 204)],
    ["revoked", office.users.foreign, async () => assert.equal((await run(["token", "revoke", "--config", config, "--token", office.users.foreign.token])).code, 0)],
    ["disabled", gone, async () => assert.equal((await run(["user", "disable", "--config", config, "--email", gone.email])).code, 0)],
  ];
  for (const [what, who, end] of cases) {
    const stream = await openEvents(t, root, who);
    assert.equal(stream.status, 200, what);
    await end();
    const since = performance.now();
    await stream.ended;
    assert.ok(performance.now() - since < 1000, `${what}: ${performance.now() - since} ms`);
  }
});

test("a sixth stream of one user is refused, and a closed one makes room", { timeout: 60_000 }, async (t) => {
  const office = await openOffice(t);
  const streams = [];
  for (let i = 0; i < 5; ++i) streams.push(await openEvents(t, office.server.root, office.users.own));
  assert.deepEqual(streams.map(({ status }) => status), [200, 200, 200, 200, 200]);
  assert.equal((await openEvents(t, office.server.root, office.users.own)).status, 429);
  assert.equal((await openEvents(t, office.server.root, office.users.foreign)).status, 200);
  streams[0].close();
  let status = 429;
  while (status === 429) ({ status } = await openEvents(t, office.server.root, office.users.own)); // until the server has seen the end
  assert.equal(status, 200);
});

test("a reader that takes nothing is dropped", { timeout: 120_000 }, async (t) => {
  const office = await openOffice(t);
  const socket = connect(Number(new URL(office.server.root).port), "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write(`GET /api/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${office.users.own.token}\r\n\r\n`);
  await once(socket, "readable");
  socket.once("error", () => {});
  // Never read again: each edit is told with a long note, until more lies unread than sockets keep. Others hear on.
  const { id } = await office.make();
  const notes = "n".repeat(200_000);
  const other = await openEvents(t, office.server.root, office.users.own);
  for (let i = 0; i < 120; ++i) {
    await office.ask("own", "PATCH", `${api}/customers/${id}`, { notes: `${i}${notes}` });
    await other.next(({ data }) => data.id === id && data.notes?.startsWith(`${i}n`)); // one event an edit: none is folded into the next
  }
  for (let i = 0; i < 3; ++i) assert.equal((await openEvents(t, office.server.root, office.users.own)).status, 200);
  let status = 429; // the one that takes nothing is the fifth, until the server has given it up
  while (status === 429) ({ status } = await openEvents(t, office.server.root, office.users.own));
  assert.equal(status, 200);
  other.close();
});
