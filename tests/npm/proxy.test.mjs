// The nginx sample of docs/proxy.md, with another port and certificate, in front of a server: what people and the server
// see through it. NGINX_PROGRAM names the nginx; without it, the installed one.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { addUser, kPassword, scratch, startServer, writeConfig } from "./support.mjs";

const host = "sync.example.org";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// nginx with the sample's server block; it serves once the promise resolves, and ends with the test.
async function startProxy(t, folder, backend) {
  const port = await freePort();
  const key = join(folder, "key.pem"), certificate = join(folder, "certificate.pem");
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${host}`, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const sample = /```nginx\n(.*?)```/s.exec(readFileSync(new URL("../../docs/proxy.md", import.meta.url), "utf8"))[1];
  const block = sample
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
    .replace("http://127.0.0.1:5000", backend);
  assert.ok(block.includes(backend) && block.includes(certificate) && block.includes(key) && block.includes(`:${port} `));
  mkdirSync(join(folder, "nginx"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, "nginx", name)};`).join("\n");
  writeFileSync(join(folder, "nginx.conf"), `daemon off;\nmaster_process off;\npid ${join(folder, "nginx.pid")};\nerror_log stderr notice;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${block}}\n`);
  const nginx = spawn(process.env.NGINX_PROGRAM ?? "nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => nginx.kill("SIGKILL"));
  let said = "";
  await new Promise((resolve, reject) => {
    nginx.once("error", reject);
    nginx.once("exit", (code) => reject(new Error(`nginx ended with ${code}: ${said}`)));
    nginx.stderr.on("data", (text) => {
      said += text;
      if (/start worker process|using the .* event method/.test(said)) resolve();
    });
  });
  return { port, certificate };
}

// One request through the proxy, as a browser on another machine sends it; `read` gets the answer as it comes.
function send(proxy, method, path, { body, headers = {}, read } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", localAddress: "127.0.0.2", port: proxy.port, servername: host, ca: readFileSync(proxy.certificate), method, path, headers: { host, ...headers } }, (answer) => {
      if (read) return resolve({ status: answer.statusCode, answer, sent });
      let text = "";
      answer.setEncoding("utf8").on("data", (piece) => (text += piece)).on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("people work through the nginx of docs/proxy.md", { timeout: 120_000 }, async (t) => {
  const folder = scratch(t);
  const config = writeConfig(folder);
  writeFileSync(config, readFileSync(config, "utf8").replace("[server]", `[server]\npublic_url = "https://${host}"\ntrusted_proxies = ["127.0.0.1"]`));
  const server = await startServer(t, config);
  const agent = await addUser(config, "one", "own", "agent"), admin = await addUser(config, "one", "root", "admin");
  const proxy = await startProxy(t, folder, server.root);
  const json = { "content-type": "application/json" };
  const login = (password, headers = {}) => send(proxy, "POST", "/api/auth/login", { body: JSON.stringify({ email: agent.email, password }), headers: { ...json, ...headers } });

  // Signing in, and a change by cookie with the origin alone as its proof.
  const signedIn = await login(kPassword);
  assert.equal(signedIn.status, 200, signedIn.text);
  assert.match(signedIn.headers["set-cookie"][0], /; Secure/);
  const cookie = signedIn.headers["set-cookie"][0].split(";")[0];
  const create = (origin) => send(proxy, "POST", "/api/insurance/customers", { body: JSON.stringify({ name: "Asha", vertical: "motor" }), headers: { ...json, cookie, origin } });
  assert.equal((await create("https://elsewhere.example")).status, 403);

  // The event is there before anything ends the stream.
  const events = await send(proxy, "GET", "/api/events", { headers: { cookie }, read: true });
  assert.equal(events.status, 200);
  events.answer.setEncoding("utf8");
  let heard = "";
  const told = new Promise((resolve) => events.answer.on("data", (piece) => (heard += piece).includes('"name":"Asha"') && resolve()));
  await once(events.answer, "readable");
  assert.equal((await create(`https://${host}`)).status, 201);
  await told;
  events.sent.destroy();

  // An import as large as the server takes, and one that is larger.
  const line = `${"n".repeat(1_000)},motor\n`;
  const csv = (bytes) => `name,vertical\n${line.repeat(Math.floor(bytes / line.length))}`;
  const upload = (bytes) => send(proxy, "POST", "/api/insurance/customers/import?dry_run=1", { body: csv(bytes), headers: { authorization: `Bearer ${agent.token}`, "content-type": "text/csv" } });
  const taken = await upload(10 * 1024 * 1024 - 2_000);
  assert.equal(taken.status, 200, taken.text.slice(0, 300));
  assert.equal((await upload(11 * 1024 * 1024)).status, 413);

  // Wrong passwords slow down the one who sends them: the last hop counts, not what a client claims before it.
  const guess = () => login("wrong", { "x-forwarded-for": "9.9.9.9" });
  while ((await guess()).status !== 429);
  const direct = (address) => fetch(`${server.root}/api/auth/login`, { method: "POST", headers: { ...json, "x-forwarded-for": address }, body: JSON.stringify({ email: agent.email, password: kPassword }) });
  assert.equal((await direct("9.9.9.9")).status, 200, "nobody guessed from there");
  assert.equal((await direct("127.0.0.2")).status, 429, "these guesses came from there");

  // Metrics are the operator's: on this machine, or with an admin's token.
  assert.equal((await fetch(`${server.root}/metrics`)).status, 200);
  assert.equal((await send(proxy, "GET", "/metrics")).status, 401);
  assert.equal((await send(proxy, "GET", "/metrics", { headers: { authorization: `Bearer ${agent.token}` } })).status, 403);
  assert.equal((await send(proxy, "GET", "/metrics", { headers: { authorization: `Bearer ${admin.token}` } })).status, 200);
});
