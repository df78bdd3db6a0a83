// What the black-box tests share: the program, its servers and commands, and a configuration to run them with.
// ROWLANE_PROGRAM names the program; without it, the one of the default build folder.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const program = process.env.ROWLANE_PROGRAM ?? fileURLToPath(new URL("../../build/rowlane", import.meta.url));

// A folder that goes with the test.
export function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), "rowlane-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// One command, run to its end.
export async function run(args, { input = "", env = {} } = {}) {
  const child = spawn(program, args, { stdio: "pipe", env: { ...process.env, ...env } });
  const out = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (out.stdout += text));
  child.stderr.on("data", (text) => (out.stderr += text));
  child.stdin.on("error", () => {}); // a command that reads no input may be gone before it is written
  child.stdin.end(input);
  [out.code] = await once(child, "close");
  return out;
}

// A server that runs until the test ends, and its address. `said` is matched against what it prints.
async function start(t, args, said, env = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  t.after(() => child.kill("SIGKILL"));
  const printed = [];
  const root = await new Promise((resolve, reject) => {
    const look = (text) => {
      printed.push(text);
      const found = said.exec(printed.join(""));
      if (found) resolve(found[1].startsWith("http") ? found[1] : `http://127.0.0.1:${found[1]}`);
    };
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${printed.join("")}`)));
    child.stdout.on("data", look);
    child.stderr.on("data", look);
  });
  child.removeAllListeners("exit");
  const stop = async (signal = "SIGTERM") => {
    const ended = once(child, "exit");
    child.kill(signal);
    return ended; // [code, signal]
  };
  return { child, root, stop };
}
export const startDemo = (t, data, env, listen = "127.0.0.1:0") => start(t, ["demo", "--data", data, "--listen", listen], /Rowlane demo: (\S+)/, env);
export const startSheets = (t) => start(t, ["sheets", "--listen", "127.0.0.1:0"], /local Sheets service: (\S+)/);
export const startServer = (t, config) => start(t, ["serve", "--config", config], /listening on port (\d+)/);

export const agencyToml = (key, book) => `
[[agency]]
key = "${key}"
name = "Agency ${key}"
emails = ["*@${key}.example"]
spreadsheet_id = "${book}"
[agency.tabs.general]
tab = "general_ins"
verticals = ["motor", "health"]
columns = { name = "NAME", current_policy_no = "POLICY NO", premium = "AMOUNT", area = "AREA" }
[agency.tabs.life]
tab = "Life_ins"
verticals = ["life"]
columns = { name = "NAME", current_policy_no = "POLICY NO" }
`;

// A configuration with the local Sheets service, two agencies, and its data in `folder`; the file's path.
export function writeConfig(folder, { data = join(folder, "data"), name = "rowlane.toml" } = {}) {
  const path = join(folder, name);
  writeFileSync(path, `[server]\nlisten = "127.0.0.1:0"\ndata_dir = '${data}'\n[sheets]\nprovider = "local"\n${agencyToml("one", "book-one")}${agencyToml("two", "book-two")}`);
  return path;
}

export const kPassword = "a long password";

// Adds a user by the command and gives its token.
export async function addUser(config, agency, name, role) {
  const email = `${name}@${agency}.example`;
  const added = await run(["user", "add", "--config", config, "--email", email, "--agency", agency, "--role", role, "--password-stdin"], { input: `${kPassword}\n` });
  if (added.code !== 0) throw new Error(added.stderr);
  const token = await run(["token", "create", "--config", config, "--email", email]);
  if (token.code !== 0) throw new Error(token.stderr);
  return { email, token: token.stdout.trim() };
}

// One request; `body` is JSON unless it is a text.
export async function call(root, token, method, path, body, headers = {}) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const all = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers };
  const answer = await fetch(root + path, { method, body: text, headers: all });
  const received = await answer.text();
  const type = answer.headers.get("content-type") ?? "";
  return { status: answer.status, type, text: received, headers: answer.headers, body: type.includes("json") && received ? JSON.parse(received) : undefined };
}

const ended = ["succeeded", "failed", "held", "cancelled"];
// Asks until the job has ended: the answer is the event, and each question is bounded by fetch itself.
export async function jobWhenDone(root, token, id) {
  for (;;) {
    const { body } = await call(root, token, "GET", `/api/insurance/sync/jobs/${id}`);
    if (ended.includes(body.state)) return body;
  }
}

// The server-sent events of one stream, as they come: `next(fits)` waits for the first one not yet taken that fits.
export async function openEvents(t, root, { token, cookie, lastEventId } = {}) {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(cookie ? { cookie } : {}), ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
  const answer = await fetch(`${root}/api/events`, { headers, signal: abort.signal });
  const stream = { status: answer.status, lastEventId: "", taken: [], ended: undefined, close: () => abort.abort() };
  const waiting = [];
  const tell = () => {
    for (const one of [...waiting]) {
      const i = stream.taken.findIndex(one.fits);
      if (i < 0 && !stream.isEnded) continue;
      waiting.splice(waiting.indexOf(one), 1);
      if (i < 0) one.reject(new Error("the stream ended first"));
      else one.resolve(stream.taken.splice(i, 1)[0]);
    }
  };
  const take = (block) => {
    const lines = block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
    const fields = Object.fromEntries(lines);
    if (fields.id !== undefined) stream.lastEventId = fields.id;
    if (fields.data !== undefined) stream.taken.push({ id: fields.id, name: fields.event, data: JSON.parse(fields.data) });
  };
  const read = async () => {
    let text = "";
    try {
      for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (text + piece).split("\n\n");
        text = blocks.pop();
        blocks.forEach(take);
        tell();
      }
    } catch (error) {
      if (error.name !== "AbortError" && error.cause?.code === undefined) throw error;
    }
    stream.isEnded = true;
    tell();
  };
  stream.next = (fits) => new Promise((resolve, reject) => (waiting.push({ fits, resolve, reject }), tell()));
  stream.ended = read();
  return stream;
}
