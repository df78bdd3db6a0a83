import { expect, test } from "vitest";
import { dayFromToday, editable, parse, parseDate, parseMoney, show } from "./format";

test("money and dates look Indian", () => {
  expect(show("money", 12345678)).toBe("1,23,45,678.00");
  expect(show("money", -1234.5)).toBe("-1,234.50");
  expect(show("date", "2026-03-09")).toBe("09/03/2026");
  expect(show("boolean", false)).toBe("No");
  expect(show("text", "007")).toBe("007");
  expect(show("text", null)).toBe("");
  expect(editable("money", 123456.5)).toBe("123456.5");
});

test.each([
  ["1,23,456", 123456], ["123456", 123456], ["₹ 1,23,456.50", 123456.5], ["Rs. 500/-", 500], ["-12.345", -12.35], ["1,234,567", 1234567],
])("the amount %s is understood", (text, value) => expect(parseMoney(text)).toEqual({ ok: true, value }));
test.each(["12,3", "1.2.3", "abc", "1e5", ",5", "99999999999999999"])("the amount %s is not", (text) => expect(parseMoney(text).ok).toBe(false));

test.each([
  ["9/3/26", "2026-03-09"], ["09-03-2026", "2026-03-09"], ["9.3.2026", "2026-03-09"], ["2026-3-9", "2026-03-09"], ["9 Mar 2026", "2026-03-09"],
  ["29/2/2024", "2024-02-29"], ["1/1/85", "1985-01-01"], ["9-sep-26", "2026-09-09"],
])("the date %s is understood", (text, value) => expect(parseDate(text)).toEqual({ ok: true, value }));
test.each(["31/2/2026", "29/2/2025", "9/13/26", "0/1/2026", "tomorrow", "9 xyz 2026", "9 ebm 2026", "1/1/1800"])("the date %s is not", (text) => expect(parseDate(text).ok).toBe(false));

test("an empty input clears the field, text stays as typed", () => {
  for (const type of ["text", "money", "date", "choice", "boolean"] as const) expect(parse(type, "")).toEqual({ ok: true, value: null });
  expect(parse("text", " 007 ")).toEqual({ ok: true, value: " 007 " });
  expect(parse("boolean", "Yes")).toEqual({ ok: true, value: true });
});

test("days are counted in local time, over the ends of months", () => {
  expect(dayFromToday(7, new Date(2026, 1, 25, 23, 30))).toBe("2026-03-04");
});
