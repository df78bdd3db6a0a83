// The grid page of the Local Sheets service. It reads blocks of rows as they come into view, and writes by the same
// v4 calls that every client uses. Rows and columns are 0-based in here, as in the API.
"use strict";

const mount = new URL("../", document.currentScript.src);
const bookId = decodeURIComponent(location.pathname.match(/\/d\/([^/]+)/)[1]);
const bookUrl = new URL(`v4/spreadsheets/${encodeURIComponent(bookId)}`, mount).href;

const ROW = 24, NUMBER = 56, GAP = 8, BLOCK = 200, POLL_MS = 2000;
const at = (id) => document.getElementById(id);
const grid = at("grid"), head = at("head"), body = at("body"), formula = at("formula"), state = at("state");

let tabs = [], tab = null, wanted = askedTab(), version = null, locale = "en_US";
let blocks = new Map();   // number of the block -> its rows, or null while on its way
let columns = [];         // {left, width, hidden}
let here = { row: 0, column: 0 }, anchor = { row: 0, column: 0 };
let editor = null, writing = 0, dragging = false;

// "#gid=101&range=A5" opens the tab of that id at that row, as at Google.
function askedTab() {
  return Number(new URLSearchParams(location.hash.slice(1)).get("gid") ?? NaN);
}
let askedRow = Number(/^[A-Z]*(\d+)/.exec(new URLSearchParams(location.hash.slice(1)).get("range") ?? "")?.[1] ?? NaN);

// --- talking to the service ---

async function call(method, url, content) {
  const answer = await fetch(url, {
    method,
    headers: content === undefined ? {} : { "Content-Type": "application/json" },
    body: content === undefined ? undefined : JSON.stringify(content),
    credentials: "same-origin",
  });
  const text = await answer.text();
  let parsed = null;
  try { parsed = JSON.parse(text); } catch { /* not the service's own answer */ }
  if (!answer.ok || !parsed) throw new Error(parsed?.error?.message ?? `The server answered ${answer.status}.`);
  return parsed;
}

function say(text, wrong = false) {
  state.textContent = text;
  state.classList.toggle("wrong", wrong);
}

// One write after the other, in the order they were made.
let writes = Promise.resolve();
function write(work, done) {
  writes = writes.then(() => writeNow(work, done));
  return writes;
}

async function writeNow(work, done) {
  ++writing;
  say("Saving");
  try {
    await work();
    say(done ?? "Saved");
  } catch (error) {
    say(error.message, true);
  } finally {
    --writing;
  }
  await refresh(true);
}

const batch = (...requests) => call("POST", `${bookUrl}:batchUpdate`, { requests });
const lines = (dimension, startIndex, endIndex) => ({ sheetId: tab.sheetId, dimension, startIndex, endIndex });

async function readVersion() {
  const file = await call("GET", new URL(`drive/v3/files/${encodeURIComponent(bookId)}?fields=version`, mount).href);
  return file.version;
}

let refreshing = false, again = false;
async function refresh(force = false) {
  if (refreshing) {
    again = again || force;
    return;
  }
  refreshing = true;
  try {
    const now = await readVersion();
    if (now !== version || tab?.sheetId !== wanted) {
      const book = await call("GET", `${bookUrl}?fields=properties(title,locale),sheets(properties)`);
      at("title").textContent = document.title = book.properties.title;
      locale = book.properties.locale;
      tabs = book.sheets.map((sheet) => sheet.properties);
      const next = tabs.find((one) => one.sheetId === wanted) ?? tabs[0];
      if (next.sheetId !== tab?.sheetId) {
        here = { row: 0, column: 0 };
        anchor = { ...here };
        blocks = new Map();
        grid.scrollTo(0, 0);
      }
      tab = next;
      wanted = next.sheetId;
      await readColumns();
      const old = blocks;
      blocks = new Map();
      stale = old;        // shown until the new rows are there
      version = now;
      showTabs();
      layOut();
      await readVisible();
      stale = new Map();
      if (askedRow > 0) {
        select(askedRow - 1, 0);
        askedRow = NaN;
      }
      show();
      if (!editor) showContent();
    }
    if (state.classList.contains("wrong") && !writing && lost) say("Connected");
    lost = false;
  } catch (error) {
    lost = true;
    say(error.message, true);
  } finally {
    refreshing = false;
  }
  if (again) {
    again = false;
    await refresh();
  }
}
let stale = new Map(), lost = false;

const quoted = (title) => `'${title.replaceAll("'", "''")}'`;

async function readColumns() {
  const fields = "sheets.data.columnMetadata(hiddenByUser,pixelSize)";
  const read = await call("GET", `${bookUrl}?ranges=${encodeURIComponent(`${quoted(tab.title)}!1:1`)}&fields=${fields}`);
  const given = read.sheets?.[0]?.data?.[0]?.columnMetadata ?? [];
  let left = NUMBER;
  columns = [];
  for (let c = 0; c < tab.gridProperties.columnCount; ++c) {
    const hidden = given[c]?.hiddenByUser === true;
    const behindHidden = hidden && columns[c - 1]?.hidden;
    const width = hidden ? (behindHidden ? 0 : GAP) : Math.max(given[c]?.pixelSize ?? 100, 24);
    columns.push({ left, width, hidden });
    left += width;
  }
}

async function readBlock(number) {
  if (blocks.has(number)) return;
  const into = blocks;
  into.set(number, null);
  const first = number * BLOCK + 1, last = Math.min(first + BLOCK - 1, tab.gridProperties.rowCount);
  const range = encodeURIComponent(`${quoted(tab.title)}!${first}:${last}`);
  const fields = "sheets.data.rowData.values(userEnteredValue,formattedValue,effectiveValue(errorValue(type),numberValue),note,userEnteredFormat.numberFormat.type)";
  try {
    const read = await call("GET", `${bookUrl}?ranges=${range}&fields=${fields}`);
    into.set(number, (read.sheets?.[0]?.data?.[0]?.rowData ?? []).map((row) => row.values ?? []));
  } catch (error) {
    into.delete(number);
    throw error;
  }
}

function visibleRows() {
  const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - 4);
  const count = Math.ceil(grid.clientHeight / ROW) + 8;
  return { first, last: Math.min(first + count, tab.gridProperties.rowCount) };
}

function readVisible() {
  const { first, last } = visibleRows();
  const wanted = [];
  for (let b = Math.floor(first / BLOCK); b <= Math.floor(Math.max(first, last - 1) / BLOCK); ++b) wanted.push(readBlock(b));
  return Promise.all(wanted);
}

function cellAt(row, column) {
  const number = Math.floor(row / BLOCK);
  const block = blocks.get(number) ?? stale.get(number);
  return block?.[row % BLOCK]?.[column];
}

// --- showing ---

function letters(column) {
  let out = "";
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) out = String.fromCharCode(65 + ((rest - 1) % 26)) + out;
  return out;
}
const addressOf = (row, column) => `${letters(column)}${row + 1}`;

function picked() {
  return {
    top: Math.min(here.row, anchor.row), bottom: Math.max(here.row, anchor.row),
    left: Math.min(here.column, anchor.column), right: Math.max(here.column, anchor.column),
  };
}

function place(element, column) {
  element.style.left = `${column.left}px`;
  element.style.width = `${column.width}px`;
}

function totalWidth() {
  const last = columns.at(-1);
  return last ? last.left + last.width : NUMBER;
}

function layOut() {
  here.row = Math.min(here.row, tab.gridProperties.rowCount - 1);
  here.column = Math.min(here.column, columns.length - 1);
  anchor.row = Math.min(anchor.row, tab.gridProperties.rowCount - 1);
  anchor.column = Math.min(anchor.column, columns.length - 1);
  const width = `${totalWidth()}px`;
  body.style.height = `${tab.gridProperties.rowCount * ROW}px`;
  body.style.width = width;
  head.style.width = width;
  grid.setAttribute("aria-rowcount", String(tab.gridProperties.rowCount));
  grid.setAttribute("aria-colcount", String(columns.length));
  head.replaceChildren();
  const corner = document.createElement("div");
  corner.className = "corner";
  corner.style.width = `${NUMBER}px`;
  head.append(corner);
  columns.forEach((column, c) => {
    if (column.width === 0) return;
    const cell = document.createElement("div");
    cell.setAttribute("role", "columnheader");
    cell.dataset.column = String(c);
    place(cell, column);
    if (column.hidden) {
      cell.className = "gap";
      cell.title = "Hidden columns: click to show them";
    } else {
      cell.textContent = letters(c);
    }
    head.append(cell);
  });
}

function showTabs() {
  at("tabs").replaceChildren(...tabs.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.role = "tab";
    button.textContent = one.title;
    button.setAttribute("aria-selected", String(one.sheetId === tab.sheetId));
    button.addEventListener("click", () => openTab(one));
    return button;
  }));
}

async function openTab(one) {
  grid.focus();
  await finishEdit(true);
  wanted = one.sheetId;
  location.hash = `gid=${one.sheetId}`;
  await refresh(true);
}

function makeRow(row, range) {
  const line = document.createElement("div");
  line.className = row === 0 ? "row first" : "row";
  line.setAttribute("role", "row");
  line.setAttribute("aria-rowindex", String(row + 1));
  line.style.top = `${row * ROW}px`;
  line.style.width = `${totalWidth()}px`;
  const number = document.createElement("div");
  number.className = row >= range.top && row <= range.bottom ? "number picked" : "number";
  number.setAttribute("role", "rowheader");
  number.style.width = `${NUMBER}px`;
  number.textContent = String(row + 1);
  number.dataset.row = String(row);
  line.append(number);
  const from = grid.scrollLeft - 200, to = grid.scrollLeft + grid.clientWidth + 200;
  columns.forEach((column, c) => {
    if (column.width === 0 || column.left + column.width < from || column.left > to) return;
    const cell = document.createElement("div");
    place(cell, column);
    if (column.hidden) {
      cell.className = "gap";
      line.append(cell);
      return;
    }
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-colindex", String(c + 1));
    cell.dataset.row = String(row);
    cell.dataset.column = String(c);
    const held = cellAt(row, c);
    if (held) {
      cell.textContent = held.formattedValue ?? "";
      if (held.effectiveValue?.numberValue !== undefined) cell.classList.add("amount");
      if (held.effectiveValue?.errorValue) cell.classList.add("wrong");
      if (held.note) {
        cell.classList.add("noted");
        cell.title = held.note;
      }
    }
    if (row >= range.top && row <= range.bottom && c >= range.left && c <= range.right) cell.classList.add("picked");
    if (row === here.row && c === here.column) {
      cell.classList.add("here");
      cell.id = "active-cell";
      cell.setAttribute("aria-selected", "true");
    }
    line.append(cell);
  });
  return line;
}

function show() {
  if (!tab) return;
  const { first, last } = visibleRows();
  const range = picked();
  const rows = [];
  for (let row = first; row < last; ++row) rows.push(makeRow(row, range));
  if (editor) rows.push(editor.input);
  const focused = editor && document.activeElement === editor.input;
  const caret = focused ? [editor.input.selectionStart, editor.input.selectionEnd] : null;
  // The editor stays where it is: taking it out of the page would end the edit.
  for (const child of [...body.children]) if (!editor || child !== editor.input) child.remove();
  for (const row of rows) if (!editor || row !== editor.input) body.append(row);
  if (focused && document.activeElement !== editor.input) {
    editor.input.focus();
    editor.input.setSelectionRange(...caret);
  }
  for (const cell of head.children) {
    const column = Number(cell.dataset.column ?? -1);
    cell.classList.toggle("picked", column >= range.left && column <= range.right && !cell.classList.contains("gap"));
  }
  grid.setAttribute("aria-activedescendant", "active-cell");
}

// What one would type to get the cell as it is.
function contentOf(cell) {
  const entered = cell?.userEnteredValue;
  if (!entered) return "";
  if (entered.formulaValue !== undefined) return entered.formulaValue;
  if (entered.boolValue !== undefined) return entered.boolValue ? "TRUE" : "FALSE";
  if (entered.numberValue !== undefined) {
    const type = cell.userEnteredFormat?.numberFormat?.type ?? "";
    if (["DATE", "TIME", "DATE_TIME", "PERCENT"].includes(type)) return cell.formattedValue ?? "";
    const text = String(entered.numberValue);
    return locale.startsWith("de") ? text.replace(".", ",") : text;
  }
  const text = entered.stringValue ?? "";
  const looksTyped = /^[=']/.test(text) || /^[-+₹$£€]?[\d.,]/.test(text) || /^(true|false)$/i.test(text);
  return looksTyped && cell.userEnteredFormat?.numberFormat?.type !== "TEXT" ? `'${text}` : text;
}

function showContent() {
  const range = picked();
  const one = range.top === range.bottom && range.left === range.right;
  at("address").textContent = one ? addressOf(here.row, here.column) : `${addressOf(range.top, range.left)}:${addressOf(range.bottom, range.right)}`;
  formula.value = contentOf(cellAt(here.row, here.column));
}

let frame = 0;
function showSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    show();
    readVisible().then(show, (error) => say(error.message, true));
  });
}

// --- moving about ---

function select(row, column, extend = false) {
  row = Math.max(0, Math.min(row, tab.gridProperties.rowCount - 1));
  column = Math.max(0, Math.min(column, columns.length - 1));
  here = { row, column };
  if (!extend) anchor = { ...here };
  const box = columns[column], top = row * ROW;
  if (top < grid.scrollTop) grid.scrollTop = top;
  if (top + 2 * ROW > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + 2 * ROW - grid.clientHeight;
  if (box.left - NUMBER < grid.scrollLeft) grid.scrollLeft = box.left - NUMBER;
  if (box.left + box.width > grid.scrollLeft + grid.clientWidth) grid.scrollLeft = box.left + box.width - grid.clientWidth;
  showContent();
  showSoon();
}

function step(rows, sideways, extend = false) {
  let column = here.column;
  for (let i = 0; i < Math.abs(sideways); ++i) {
    let next = column + Math.sign(sideways);
    while (columns[next]?.hidden) next += Math.sign(sideways);
    if (columns[next]) column = next;
  }
  select(here.row + rows, column, extend);
}

// --- editing ---

function startEdit(text, source) {
  if (editor) return;
  const input = document.createElement("input");
  input.id = "editor";
  input.spellcheck = false;
  input.autocomplete = "off";
  input.setAttribute("aria-label", `Content of ${addressOf(here.row, here.column)}`);
  input.value = text;
  place(input, columns[here.column]);
  input.style.top = `${here.row * ROW}px`;
  editor = { input, row: here.row, column: here.column, tab, before: contentOf(cellAt(here.row, here.column)) };
  input.addEventListener("input", () => { formula.value = input.value; });
  input.addEventListener("keydown", editorKey);
  input.addEventListener("blur", () => {
    if (document.activeElement !== formula) finishEdit(true);
  });
  body.append(input);
  if (source !== formula) {
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }
}

async function finishEdit(keep) {
  if (!editor) return;
  const done = editor;
  editor = null;
  done.input.remove();
  if (!keep || done.input.value === done.before) {
    showContent();
    showSoon();
    return;
  }
  await put(done.tab, done.row, done.column, [[done.input.value]]);
}

function put(into, row, column, values) {
  const height = values.length, width = Math.max(...values.map((line) => line.length));
  return write(async () => {
    const more = [];
    const rows = row + height - into.gridProperties.rowCount, wide = column + width - into.gridProperties.columnCount;
    if (rows > 0) more.push({ appendDimension: { sheetId: into.sheetId, dimension: "ROWS", length: rows } });
    if (wide > 0) more.push({ appendDimension: { sheetId: into.sheetId, dimension: "COLUMNS", length: wide } });
    if (more.length) await batch(...more);
    const range = `${quoted(into.title)}!${addressOf(row, column)}:${addressOf(row + height - 1, column + width - 1)}`;
    await call("PUT", `${bookUrl}/values/${encodeURIComponent(range)}?valueInputOption=USER_ENTERED`, { values });
  });
}

function clearPicked() {
  const range = picked();
  const name = `${quoted(tab.title)}!${addressOf(range.top, range.left)}:${addressOf(range.bottom, range.right)}`;
  return write(() => call("POST", `${bookUrl}/values/${encodeURIComponent(name)}:clear`, {}));
}

function editorKey(event) {
  const moves = { Enter: [event.shiftKey ? -1 : 1, 0], Tab: [0, event.shiftKey ? -1 : 1] };
  event.stopPropagation();
  if (event.isComposing) return;
  if (event.key === "Escape") {
    finishEdit(false);
    grid.focus();
  } else if (moves[event.key]) {
    event.preventDefault();
    finishEdit(true);
    grid.focus();
    step(...moves[event.key]);
  }
}

grid.addEventListener("keydown", (event) => {
  if (!tab || event.isComposing || event.altKey) return;
  const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - 2);
  const command = event.ctrlKey || event.metaKey;
  const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0] };
  let used = true;
  if (arrows[event.key] && !command) step(...arrows[event.key], event.shiftKey);
  else if (event.key === "Tab" && !command) step(0, event.shiftKey ? -1 : 1);
  else if (event.key === "Enter") startEdit(contentOf(cellAt(here.row, here.column)));
  else if (event.key === "F2") startEdit(contentOf(cellAt(here.row, here.column)));
  else if (event.key === "Delete" || event.key === "Backspace") clearPicked();
  else if (event.key === "Home") select(command ? 0 : here.row, 0, event.shiftKey);
  else if (event.key === "End") select(command ? tab.gridProperties.rowCount - 1 : here.row, columns.length - 1, event.shiftKey);
  else if (event.key === "Escape") at("tabs").querySelector("[aria-selected=true]")?.focus();
  else if (event.key.length === 1 && !command) startEdit(event.key);
  else used = false;
  if (used) event.preventDefault();
});

function copyPicked(event) {
  if (editor) return false;
  const range = picked();
  const rows = [];
  for (let row = range.top; row <= range.bottom; ++row) {
    const line = [];
    for (let c = range.left; c <= range.right; ++c) {
      const text = cellAt(row, c)?.formattedValue ?? "";
      line.push(/["\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    }
    rows.push(line.join("\t"));
  }
  event.clipboardData.setData("text/plain", rows.join("\n"));
  event.preventDefault();
  return true;
}
grid.addEventListener("copy", copyPicked);
grid.addEventListener("cut", (event) => { if (copyPicked(event)) clearPicked(); });

// Tab-separated text; a quoted cell may hold tabs and line breaks.
function readTable(text) {
  const rows = [[]];
  let cell = "", inQuotes = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (inQuotes) {
      if (c === '"' && text[i + 1] === '"') { cell += '"'; ++i; }
      else if (c === '"') inQuotes = false;
      else cell += c;
    } else if (c === '"' && cell === "") inQuotes = true;
    else if (c === "\t") { rows.at(-1).push(cell); cell = ""; }
    else if (c === "\n") { rows.at(-1).push(cell); cell = ""; rows.push([]); }
    else if (c !== "\r") cell += c;
  }
  rows.at(-1).push(cell);
  if (rows.length > 1 && rows.at(-1).length === 1 && rows.at(-1)[0] === "") rows.pop();
  return rows;
}
grid.addEventListener("paste", (event) => {
  if (editor) return;
  event.preventDefault();
  const range = picked();
  const values = readTable(event.clipboardData.getData("text/plain"));
  put(tab, range.top, range.left, values);
});

// --- the mouse ---

function cellOf(event) {
  const cell = event.target.closest("[data-row][data-column]");
  return cell ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : null;
}
body.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || event.target === editor?.input) return;
  const cell = cellOf(event);
  const number = event.target.closest(".number");
  if (cell) {
    select(cell.row, cell.column, event.shiftKey);
    dragging = true;
  } else if (number) {
    select(Number(number.dataset.row), columns.length - 1, event.shiftKey);
    if (!event.shiftKey) anchor.column = 0;
    else anchor.column = 0;
    showContent();
  }
});
body.addEventListener("pointermove", (event) => {
  const cell = dragging ? cellOf(event) : null;
  if (cell && (cell.row !== here.row || cell.column !== here.column)) select(cell.row, cell.column, true);
});
addEventListener("pointerup", () => { dragging = false; });
body.addEventListener("dblclick", (event) => {
  if (cellOf(event)) startEdit(contentOf(cellAt(here.row, here.column)));
});
head.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-column]");
  if (!cell) return;
  const column = Number(cell.dataset.column);
  if (!columns[column].hidden) {
    select(here.row, column, event.shiftKey);
    return;
  }
  let end = column;
  while (columns[end]?.hidden) ++end;
  write(() => batch({ updateDimensionProperties: { range: lines("COLUMNS", column, end), properties: { hiddenByUser: false }, fields: "hiddenByUser" } }), "Columns shown");
});

// --- the tools and the formula bar ---

const actions = {
  "insert-row": (range) => batch({ insertDimension: { range: lines("ROWS", range.top, range.top + 1), inheritFromBefore: range.top > 0 } }),
  "delete-row": (range) => batch({ deleteDimension: { range: lines("ROWS", range.top, range.bottom + 1) } }),
  "insert-column": (range) => batch({ insertDimension: { range: lines("COLUMNS", range.left, range.left + 1), inheritFromBefore: range.left > 0 } }),
  "delete-column": (range) => batch({ deleteDimension: { range: lines("COLUMNS", range.left, range.right + 1) } }),
  "hide-column": (range) => batch({ updateDimensionProperties: { range: lines("COLUMNS", range.left, range.right + 1), properties: { hiddenByUser: true }, fields: "hiddenByUser" } }),
  "sort-up": (range) => sort(range.left, "ASCENDING"),
  "sort-down": (range) => sort(range.left, "DESCENDING"),
};
function sort(column, sortOrder) {
  const startRowIndex = Math.max(1, tab.gridProperties.frozenRowCount ?? 0);
  return batch({ sortRange: { range: { sheetId: tab.sheetId, startRowIndex }, sortSpecs: [{ dimensionIndex: column, sortOrder }] } });
}
document.querySelector(".tools").addEventListener("click", async (event) => {
  const action = actions[event.target.dataset.do];
  if (!action || !tab) return;
  grid.focus();
  await finishEdit(true);
  await write(() => action(picked()), `${event.target.textContent}: done`);
});

formula.addEventListener("focus", () => { if (tab) startEdit(contentOf(cellAt(here.row, here.column)), formula); });
formula.addEventListener("input", () => { if (editor) editor.input.value = formula.value; });
formula.addEventListener("keydown", editorKey);
formula.addEventListener("blur", () => { if (editor && document.activeElement !== editor.input) finishEdit(true); });

grid.addEventListener("scroll", showSoon);
addEventListener("resize", showSoon);

refresh(true).then(() => grid.focus());
setInterval(() => { if (!document.hidden && !writing) refresh(); }, POLL_MS);
