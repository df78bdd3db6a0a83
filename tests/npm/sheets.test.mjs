// Google's own client and google-spreadsheet against the Local Sheets service: unchanged apart from the address.
// SHEETS_SERVER_PROGRAM names the server program; without it, the one of the default build folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { auth, sheets } from "@googleapis/sheets";
import { GoogleSpreadsheet } from "google-spreadsheet";

const program = process.env.SHEETS_SERVER_PROGRAM ?? fileURLToPath(new URL("../../build/tests/npm/sheets_server", import.meta.url));
const spreadsheetId = "book";
let server, rootUrl;

before(async () => {
  server = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error("the server ended")));
    server.stdout.once("data", (line) => resolve(String(line).trim()));
  });
  rootUrl = `http://127.0.0.1:${port}/`;
});
after(() => server?.stdin.end());

test("@googleapis/sheets reads, writes, appends and batches", async () => {
  // The client drops a path given at construction, so the address goes with each call.
  const client = new auth.OAuth2();
  client.setCredentials({ access_token: "any", expiry_date: Date.now() + 3_600_000 });
  const api = sheets({ version: "v4", auth: client });
  const at = { rootUrl };

  const got = await api.spreadsheets.get({ spreadsheetId, fields: "properties.title,sheets.properties(sheetId,title)" }, at);
  assert.equal(got.data.properties.title, "Demo book");
  assert.deepEqual(got.data.sheets[1].properties, { sheetId: 8, title: "Bob's: life" });

  const range = "'Bob''s: life'!A1:B2";
  const updated = await api.spreadsheets.values.update(
    { spreadsheetId, range, valueInputOption: "USER_ENTERED", requestBody: { values: [["NAME", "AMOUNT"], ["Asha", "=1+2"]] } }, at);
  assert.equal(updated.data.updatedCells, 4);
  const appended = await api.spreadsheets.values.append(
    { spreadsheetId, range, valueInputOption: "RAW", requestBody: { values: [["Ravi", "=1+1"]] } }, at);
  assert.equal(appended.data.updates.updatedRange, "'Bob''s: life'!A3:B3");
  const values = await api.spreadsheets.values.batchGet({ spreadsheetId, ranges: [range, "'Bob''s: life'!A3:B3"], valueRenderOption: "FORMULA" }, at);
  assert.deepEqual(values.data.valueRanges.map((one) => one.values), [[["NAME", "AMOUNT"], ["Asha", "=1+2"]], [["Ravi", "=1+1"]]]);

  const batch = await api.spreadsheets.batchUpdate({
    spreadsheetId,
    requestBody: {
      requests: [
        { insertDimension: { range: { sheetId: 8, dimension: "ROWS", startIndex: 1, endIndex: 2 } } },
        { updateCells: { start: { sheetId: 8, rowIndex: 1, columnIndex: 0 }, rows: [{ values: [{ userEnteredValue: { stringValue: "Mira" } }] }], fields: "userEnteredValue" } },
      ],
      includeSpreadsheetInResponse: true, responseRanges: ["'Bob''s: life'!A1:A4"], responseIncludeGridData: true,
    },
  }, at);
  assert.deepEqual(batch.data.updatedSpreadsheet.sheets[0].data[0].rowData.map((row) => row.values[0].formattedValue), ["NAME", "Mira", "Asha", "Ravi"]);

  await api.spreadsheets.values.clear({ spreadsheetId, range: "'Bob''s: life'!A4:B4" }, at);
  const left = await api.spreadsheets.values.get({ spreadsheetId, range: "'Bob''s: life'" }, at);
  assert.deepEqual(left.data.values, [["NAME", "AMOUNT"], ["Mira"], ["Asha", "3"]]);

  await assert.rejects(api.spreadsheets.values.get({ spreadsheetId, range: "Gone!A1" }, at), (error) => error.code === 400 && /Unable to parse range: Gone!A1/.test(error.message));
  const filtered = await api.spreadsheets.getByDataFilter(
    { spreadsheetId, fields: "sheets.properties.title", requestBody: { dataFilters: [{ gridRange: { sheetId: 8 } }] } }, at);
  assert.equal(filtered.data.sheets.length, 1);
});

test("google-spreadsheet loads, adds, changes and deletes rows", async () => {
  const doc = new GoogleSpreadsheet(spreadsheetId, { token: "any" });
  doc.sheetsApi.defaults.baseURL = `${rootUrl}v4/spreadsheets/${spreadsheetId}`;
  await doc.loadInfo();
  assert.equal(doc.title, "Demo book");

  const sheet = doc.sheetsByTitle.general_ins;
  const rows = await sheet.getRows();
  assert.equal(rows.length, 3);
  assert.equal(rows[0].get("AMOUNT"), "1,001.50");
  rows[0].set("NAME", "Asha Rao");
  await rows[0].save();
  await sheet.addRow({ NAME: "New", "POLICY NO": "00123" }, { raw: true });
  await rows[1].delete();
  const again = await sheet.getRows();
  assert.deepEqual(again.map((row) => row.get("NAME")), ["Asha Rao", "Customer 3", "New"]);
  assert.equal(again[2].get("POLICY NO"), "00123");

  await sheet.loadCells("A1:F3");
  // A saved row is written back as shown, so row 2 has lost its formula; row 3 moved up with its own.
  assert.equal(sheet.getCellByA1("F2").formula, null);
  assert.equal(sheet.getCellByA1("F3").formula, "=ROUND(D3*1.18,2)");
  sheet.getCellByA1("D3").value = 200;
  await sheet.saveUpdatedCells();
  await sheet.loadCells("F3");
  assert.equal(sheet.getCellByA1("F3").value, 236);

  const made = await doc.addSheet({ title: "Extra", headerValues: ["A", "B"] });
  await made.addRows([{ A: 1, B: 2 }, { A: 3, B: 4 }]);
  assert.equal((await made.getRows()).length, 2);
  await made.delete();
});
