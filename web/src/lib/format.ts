// How values look and how they are typed. Values are what the API has: dates "2026-03-09", money a number, text.
// Indian formats by default; a person may choose those of the browser instead.

export type FieldType = "text" | "money" | "date" | "boolean" | "choice";
export type Value = string | number | boolean | null | undefined;
export type Style = "indian" | "browser";

const key = "rowlane.format";
let style: Style = read();
function read(): Style {
  try {
    return localStorage.getItem(key) === "browser" ? "browser" : "indian";
  } catch {
    return "indian"; // storage may be switched off
  }
}
export const formatStyle = () => style;
export function setFormatStyle(next: Style) {
  style = next;
  localStorage.setItem(key, next);
  makeFormats();
}

let money: Intl.NumberFormat, count: Intl.NumberFormat, day: Intl.DateTimeFormat, moment: Intl.DateTimeFormat, clock: Intl.DateTimeFormat;
let isMonthFirst = false;
function makeFormats() {
  const locale = style === "indian" ? "en-IN" : undefined;
  money = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  count = new Intl.NumberFormat(locale);
  day = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" });
  moment = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
  clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  isMonthFirst = day.formatToParts(new Date(0)).find(({ type }) => type === "day" || type === "month")?.type === "month";
}
makeFormats();

export const showMoney = (amount: number) => money.format(amount);
export const showCount = (n: number) => count.format(n);
export const showDate = (iso: string) => (/^\d{4}-\d\d-\d\d$/.test(iso) ? day.format(new Date(`${iso}T00:00:00Z`)) : iso);
export const showMoment = (iso: string) => moment.format(new Date(iso));
export const showClock = (iso: string) => clock.format(new Date(iso));

export function show(type: FieldType, value: Value): string {
  if (value === null || value === undefined) return "";
  if (type === "money" && typeof value === "number") return showMoney(value);
  if (type === "date") return showDate(String(value));
  if (type === "boolean") return value ? "Yes" : "No";
  return String(value);
}

// What stands in the input when a value is edited: money without grouping, so that it is easy to change.
export function editable(type: FieldType, value: Value): string {
  if (value === null || value === undefined) return "";
  if (type === "money" && typeof value === "number") return String(value);
  return show(type, value);
}

export type Parsed = { ok: true; value: string | number | boolean | null } | { ok: false; reason: string };
const good = (value: string | number | boolean | null): Parsed => ({ ok: true, value });
const bad = (reason: string): Parsed => ({ ok: false, reason });

export function parse(type: FieldType, text: string): Parsed {
  if (type === "text" || type === "choice") return good(text === "" ? null : text);
  const trimmed = text.trim();
  if (trimmed === "") return good(null);
  if (type === "money") return parseMoney(trimmed);
  if (type === "date") return parseDate(trimmed);
  if (/^(y|yes|true|1)$/i.test(trimmed)) return good(true);
  if (/^(n|no|false|0)$/i.test(trimmed)) return good(false);
  return bad("Type yes or no.");
}

// "1,23,456", "₹ 1,23,456.50", "Rs. 500/-". Groups of two or three digits, as either grouping writes them.
export function parseMoney(text: string): Parsed {
  const bare = text.replace(/^(₹|rs\.?|inr)\s*/i, "").replace(/\/-$/, "").trim();
  if (!/^-?(\d+|\d{1,3}(,\d{2,3})*,\d{3})(\.\d*)?$/.test(bare)) return bad("Type an amount like 1,23,456.50.");
  const exact = Number(bare.replaceAll(",", ""));
  const amount = (Math.sign(exact) * Math.round(Math.abs(exact) * 100)) / 100 || 0;
  return Number.isFinite(amount) && Math.abs(amount) < 1e13 ? good(amount) : bad("The amount is too large.");
}

// "9/3/26", "09-03-2026", "9.3.2026", "9 mar 2026", "2026-03-09". Day first, unless the browser's format says otherwise.
export function parseDate(text: string): Parsed {
  const wrong = bad(`Type a date like ${showDate("2026-03-09")}.`);
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text);
  if (iso) return isoDate(Number(iso[1]), Number(iso[2]), Number(iso[3])) ?? wrong;
  const named = /^(\d{1,2})[\s-]*([a-z]{3})[a-z]*[\s,-]*(\d{4}|\d{2})$/i.exec(text);
  if (named) {
    const month = "janfebmaraprmayjunjulaugsepoctnovdec".indexOf(named[2]!.toLowerCase());
    return month < 0 || month % 3 ? wrong : (isoDate(year(named[3]!), month / 3 + 1, Number(named[1])) ?? wrong);
  }
  const parts = /^(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})$/.exec(text);
  if (!parts) return wrong;
  const [first, second] = [Number(parts[1]), Number(parts[2])];
  return (isMonthFirst ? isoDate(year(parts[3]!), first, second) : isoDate(year(parts[3]!), second, first)) ?? wrong;
}

// Two digits are of this century up to ten years ahead: birthdays and old policies lie behind, renewals close by.
function year(text: string): number {
  if (text.length === 4) return Number(text);
  const century = 2000 + Number(text);
  return century > new Date().getFullYear() + 10 ? century - 100 : century;
}

function isoDate(y: number, m: number, d: number): Parsed | null {
  const date = new Date(Date.UTC(y, m - 1, d));
  if (y < 1900 || y > 2200 || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return null;
  return good(date.toISOString().slice(0, 10));
}

// The day in the browser's own time zone, `days` from now.
export function dayFromToday(days: number, now = new Date()): string {
  const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}
