// How much memory the server takes: over many lists from ever other places, and when strangers announce large bodies.
//   node bench/memory.mjs [PROGRAM]   default: build/rowlane. Prints the resident memory before and after, in MB.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.argv[2] ?? "build/rowlane";
const lists = 100_000, strangers = 1_000, announced = 10 * 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "rowlane-memory-"));
const server = spawn(program, ["demo", "--data", folder, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
const port = await new Promise((resolve, reject) => {
  let said = "";
  server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  server.stdout.on("data", (text) => {
    const found = /Rowlane demo: http:\/\/127\.0\.0\.1:(\d+)/.exec((said += text));
    if (found) resolve(Number(found[1]));
  });
});
const residentMb = () => Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))[1]) / 1024);

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const list = (offset) =>
  new Promise((resolve, reject) => {
    const path = `/api/insurance/customers?limit=${1 + (offset % 20)}&offset=${offset}`;
    request({ port, agent, path, headers: { authorization: "Bearer token_user_11" } }, (answer) => answer.resume().on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${answer.statusCode}`))))).on("error", reject).end();
  });

async function readLists() {
  for (let i = 0; i < 2_000; ++i) await list(1 + (i % 10)); // what every server takes once
  const before = residentMb();
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next < lists) await list(++next);
  }));
  console.log(`${lists} lists from rising places: ${before} MB before, ${residentMb()} MB after`);
}

// Each announces a body and sends it for as long as the server takes it.
async function announce() {
  const before = residentMb();
  let most = before;
  const head = `POST /api/insurance/customers/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: ${announced}\r\n\r\n`;
  const piece = Buffer.alloc(256 * 1024, "n");
  const send = async () => {
    const socket = connect(port, "127.0.0.1").on("error", () => {}); // the server may refuse and close at any time
    socket.write(head);
    // All but the last byte, so that the body stays under way.
    for (let left = announced - 1; left > 0 && !socket.destroyed && socket.writable; left -= piece.length) {
      const goesOn = socket.write(piece.subarray(0, Math.min(left, piece.length)));
      if (!goesOn) await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
      most = Math.max(most, residentMb());
      if (most - before > 1_000) break; // enough is seen
    }
    return socket;
  };
  const sockets = await Promise.all(Array.from({ length: strangers }, send));
  console.log(`${strangers} strangers who announce ${announced / 1024 / 1024} MiB each: ${before} MB before, at most ${most} MB`);
  sockets.forEach((socket) => socket.destroy());
}

try {
  await readLists();
  await announce();
} finally {
  server.removeAllListeners("exit");
  server.kill("SIGKILL");
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
