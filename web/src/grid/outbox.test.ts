import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Field } from "../api/client";
import { Outbox } from "./outbox";

const premium = { name: "premium", type: "money" } as Field;
const edit = (value: number, version = 3) => ({ id: "a", field: premium, value, version });

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
    removeItem: (key: string) => kept.delete(key),
  });
});
afterEach(() => void vi.unstubAllGlobals());

test("what is unsaved is there again for its own person, and for nobody else", () => {
  const before = new Outbox();
  before.open("1");
  before.wait(before.add(edit(500), 400));
  const after = new Outbox();
  after.open("2");
  expect(after.all()).toEqual([]);
  after.open("1");
  expect(after.all()).toMatchObject([{ id: "a", value: 500, over: [400], version: 3, isWaiting: true }]);
  after.close();
  expect(after.all()).toEqual([]);
  after.open("1");
  expect(after.waitingCount()).toBe(1);
});

test("a later edit of a cell takes the place of an earlier one, and may stand over what either was typed over", () => {
  const outbox = new Outbox();
  outbox.open("1");
  const first = outbox.add(edit(500), 400);
  const second = outbox.add(edit(600, 4), 500);
  expect(outbox.all()).toMatchObject([{ value: 600, version: 3, over: [400, 500, 500] }]);
  outbox.take(first); // answered for, but another waits in its place
  expect(outbox.all()).toHaveLength(1);
  outbox.take(second);
  expect(outbox.all()).toEqual([]);
});

test("who watches is told of the records concerned, and of how many wait", () => {
  const outbox = new Outbox();
  outbox.open("1");
  const record = vi.fn(), waiting = vi.fn();
  outbox.onRecord(record);
  outbox.onWaiting(waiting);
  const added = outbox.add(edit(500), 400);
  expect(record).toHaveBeenCalledWith("a");
  expect(waiting).not.toHaveBeenCalled();
  outbox.wait(added);
  expect(outbox.waitingCount()).toBe(1);
  outbox.take(added);
  expect(outbox.waitingCount()).toBe(0);
  expect(waiting).toHaveBeenCalledTimes(2);
});
