// What Rowlane's own Google client sends, held against the clients that Google publishes: the address and query are
// those of the published client's call with the same parameters, and body and field mask fit its types.
// CLIENT_REQUESTS_PROGRAM names the program that prints the requests; without it, the one of the default build folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { auth, drive } from "@googleapis/drive";
import { sheets } from "@googleapis/sheets";
import ts from "typescript";

const program = process.env.CLIENT_REQUESTS_PROGRAM ?? fileURLToPath(new URL("../../build/client_requests", import.meta.url));
const sent = JSON.parse(execFileSync(program, { encoding: "utf8" })).map((one) => ({ ...one, url: new URL(one.url), body: one.body ? JSON.parse(one.body) : undefined }));

// What the compiler says about a text that uses the published types, strictly: a member that they do not have is an
// error. One line each; none when all fits.
function complaints(text) {
  const file = fileURLToPath(new URL("./checked.ts", import.meta.url)); // not written: it only has a place to import from
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, text, options.target) : getSourceFile.call(host, name, ...rest));
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? text : readFile.call(host, name));
  const checked = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(checked, checked.getSourceFile(file)).map((one) => ts.flattenDiagnosticMessageText(one.messageText, " "));
}

// "a(b,c.d),e" as the paths that it names: [["a", "b"], ["a", "c", "d"], ["e"]].
function maskPaths(mask) {
  let at = 0;
  const list = (before) => {
    const paths = [];
    do {
      const [word] = /^[^,()]+/.exec(mask.slice(at)) ?? assert.fail(`the mask has no name at ${at}: ${mask}`);
      at += word.length;
      const path = [...before, ...word.split(".")];
      if (mask[at] !== "(") paths.push(path);
      else {
        at += 1;
        paths.push(...list(path));
        assert.equal(mask[at++], ")", `the mask lacks a ')': ${mask}`);
      }
    } while (mask[at] === "," && ++at);
    return paths;
  };
  const paths = list([]);
  assert.equal(at, mask.length, `the mask ends early: ${mask}`);
  return paths;
}

const prelude = `
import type { drive_v3 } from "@googleapis/drive";
import type { sheets_v4 } from "@googleapis/sheets";
type Item<T> = NonNullable<T> extends (infer U)[] ? NonNullable<U> : NonNullable<T>;
`;
const bodyText = (type, body) => `{ const body: ${type} = ${JSON.stringify(body)}; void body; }\n`;
const maskText = (type, mask) => maskPaths(mask).map((path) => `{ type At = ${path.reduce((of, name) => `Item<${of}>[${JSON.stringify(name)}]`, type)}; void (0 as unknown as At); }\n`).join("");

// Which call of the published clients a request is, and the types of what it takes and gives.
const kinds = [
  { method: "GET", path: /^\/v4\/spreadsheets\/book$/, call: (api, p, at) => api.spreadsheets.get(p, at), answer: "sheets_v4.Schema$Spreadsheet" },
  { method: "POST", path: /:getByDataFilter$/, call: (api, p, at) => api.spreadsheets.getByDataFilter(p, at), body: "sheets_v4.Schema$GetSpreadsheetByDataFilterRequest", answer: "sheets_v4.Schema$Spreadsheet" },
  { method: "POST", path: /:batchUpdate$/, call: (api, p, at) => api.spreadsheets.batchUpdate(p, at), body: "sheets_v4.Schema$BatchUpdateSpreadsheetRequest", answer: "sheets_v4.Schema$BatchUpdateSpreadsheetResponse" },
  { method: "GET", path: /^\/drive\/v3\/files\/book$/, drive: true, call: (api, p, at) => api.files.get(p, at), answer: "drive_v3.Schema$File" },
];
const kindOf = (one) => kinds.find((kind) => kind.method === one.method && kind.path.test(one.url.pathname)) ?? assert.fail(`no call of the published clients: ${one.method} ${one.url}`);

test("every request of the client is one that Google's published clients know", () => {
  assert.equal(sent.length, 5);
  const text = sent.map((one) => {
    const kind = kindOf(one);
    assert.equal(one.body === undefined, kind.body === undefined, `${one.method} ${one.url.pathname}: body`);
    return (kind.body ? bodyText(kind.body, one.body) : "") + maskText(kind.answer, one.url.searchParams.get("fields"));
  });
  assert.deepEqual(complaints(prelude + text.join("")), []);
});

test("a misspelt member, a wrong type and a misspelt mask are seen", () => {
  const batch = sent.find((one) => one.url.pathname.endsWith(":batchUpdate"));
  const misspelt = JSON.parse(JSON.stringify(batch.body).replace('"rowIndex"', '"rowIndx"'));
  const [member, ...more] = complaints(prelude + bodyText("sheets_v4.Schema$BatchUpdateSpreadsheetRequest", misspelt));
  assert.match(member, /rowIndx.* does not exist/);
  assert.deepEqual(more, []);
  const wrong = JSON.parse(JSON.stringify(batch.body).replace('"sheetId":1', '"sheetId":"1"'));
  assert.match(complaints(prelude + bodyText("sheets_v4.Schema$BatchUpdateSpreadsheetRequest", wrong))[0], /'string' is not assignable to type 'number'/);
  assert.match(complaints(prelude + maskText("sheets_v4.Schema$Spreadsheet", "sheets(data.rowDta)"))[0], /'rowDta' does not exist/);
});

test("addresses and queries are those of the published clients' own calls", async () => {
  const client = new auth.OAuth2();
  client.setCredentials({ access_token: "any", expiry_date: Date.now() + 3_600_000 });
  const apis = { sheets: sheets({ version: "v4", auth: client }), drive: drive({ version: "v3", auth: client }) };
  for (const one of sent) {
    const kind = kindOf(one);
    let theirs;
    const at = { adapter: async (config) => ((theirs = config), { config, status: 200, statusText: "OK", headers: new Headers(), data: {} }) };
    const query = Object.fromEntries(one.url.searchParams);
    await kind.call(kind.drive ? apis.drive : apis.sheets, { ...(kind.drive ? { fileId: "book" } : { spreadsheetId: "book" }), ...query, ...(one.body ? { requestBody: one.body } : {}) }, at);
    const url = new URL(theirs.url);
    for (const [name, value] of Object.entries(theirs.params ?? {})) url.searchParams.set(name, value);
    assert.equal(one.method, theirs.method);
    assert.equal(one.url.origin + one.url.pathname, url.origin + url.pathname);
    assert.deepEqual(query, Object.fromEntries(url.searchParams));
  }
});
