import { expect, test } from "vitest";
import { dueRange, listQuery, readView } from "./view";

test("an address is read, what is not known is passed over", () => {
  expect(readView({ view: "motor", search: "आशा", due: 30, sort: "-premium", nonsense: 1 })).toEqual({ view: "motor", search: "आशा", due: "30", sort: "-premium" });
  expect(readView({ view: "boat", sync: "x", due: "8", sort: "password", search: {} })).toEqual({});
});

test("the list's parameters follow the view", () => {
  expect(listQuery({ view: "life" })).toMatchObject({ vertical: "life", sort: "-created" });
  expect(listQuery({ due: "7" }).sort).toBe("renewal_date");
  expect(listQuery({ search: "x", record: "abc" })).not.toHaveProperty("record");
  expect(dueRange("overdue").renewal_from).toBeUndefined();
  expect(dueRange("7").renewal_from! < dueRange("7").renewal_to!).toBe(true);
});
