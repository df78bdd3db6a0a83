import { expect, test, vi } from "vitest";
import type { Customer } from "../api/client";
import { kBlock, kBlocksMax, type Load, Rows } from "./rows";

const customer = (id: string, version = 1, name = id) => ({ id, version, name, sync: { state: "synced" } }) as unknown as Customer;
const listOf = (total: number): Load => (offset, limit) =>
  Promise.resolve({ total, customers: Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => customer(`c${offset + i}`)) });
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("one changed record tells its own row, and not the list", async () => {
  const rows = new Rows();
  rows.open(listOf(250));
  await settled();
  const row = vi.fn(), other = vi.fn(), list = vi.fn();
  rows.onRow("c7", row);
  rows.onRow("c8", other);
  rows.onList(list);
  expect(rows.put(customer("c7", 2, "new"))).toBe(true);
  expect(row).toHaveBeenCalledTimes(1);
  expect(other).not.toHaveBeenCalled();
  expect(list).not.toHaveBeenCalled();
  rows.put(customer("c7", 1, "old"));
  expect(rows.row("c7")?.customer.name).toBe("new");
});

test("a change by somebody else says so, an own one does not; a list that stands as before tells nobody", async () => {
  const rows = new Rows();
  rows.reader = "me@x";
  let by = "me@x", version = 1;
  rows.open(() => Promise.resolve({ total: 1, customers: [{ ...customer("c0", version), updatedBy: by }] }));
  await settled();
  const list = vi.fn();
  rows.onList(list);
  version = 2;
  await rows.refresh();
  expect(rows.row("c0")).toMatchObject({ customer: { version: 2 }, changedBy: undefined });
  version = 3;
  by = "other@x";
  await rows.refresh();
  expect(rows.row("c0")?.changedBy).toBe("other@x");
  expect(list).not.toHaveBeenCalled();
});

test("blocks are asked for as they come into sight, once, and far ones are forgotten", async () => {
  const rows = new Rows();
  const load = vi.fn(listOf(100_000));
  rows.open(load);
  await settled();
  for (let at = 0; at < 40; at++) {
    rows.want(at * kBlock, at * kBlock + 30);
    rows.want(at * kBlock, at * kBlock + 30);
    await settled();
  }
  expect(load).toHaveBeenCalledTimes(40);
  expect(rows.blockCount).toBe(kBlocksMax);
  expect(rows.idAt(39 * kBlock + 5)).toBe(`c${39 * kBlock + 5}`);
  expect(rows.idAt(0)).toBeUndefined();
  expect(rows.row("c0")).toBeUndefined();
});

test("an answer for a list that is open no more is passed over", async () => {
  const rows = new Rows();
  let answer = (_: { customers: Customer[]; total: number }) => {};
  rows.open(() => new Promise((resolve) => (answer = resolve)));
  rows.open(listOf(3));
  answer({ total: 99, customers: [customer("x")] });
  await settled();
  expect(rows.total).toBe(3);
  expect(rows.idAt(0)).toBe("c0");
});

test("what is not saved lies over what the server says, and goes alone: what came meanwhile is there", async () => {
  const rows = new Rows();
  let name: string | null = "typed";
  rows.overlay = ({ id }) => (id === "c1" && name ? { change: { name }, waiting: ["name"] } : null);
  rows.open(listOf(3));
  await settled();
  expect(rows.row("c1")).toMatchObject({ customer: { name: "typed" }, waiting: ["name"] });
  rows.put({ ...customer("c1", 2, "theirs"), notes: "new" } as Customer);
  expect(rows.row("c1")?.customer).toMatchObject({ name: "typed", notes: "new", version: 2 });
  name = null;
  rows.reshow("c1");
  expect(rows.row("c1")).toMatchObject({ customer: { name: "theirs", notes: "new" }, waiting: undefined });
});

test("a failed load is told and leaves what is there", async () => {
  const rows = new Rows();
  rows.open(listOf(300));
  await settled();
  let fails = true;
  rows.open((offset, limit) => (fails ? Promise.reject(new Error("down")) : listOf(3)(offset, limit)));
  await settled();
  expect(rows.error).toBeInstanceOf(Error);
  fails = false;
  await rows.refresh();
  expect(rows.error).toBeNull();
  expect(rows.total).toBe(3);
});
