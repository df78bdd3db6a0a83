import { afterEach, expect, test, vi } from "vitest";
import { askBlock, askWho, takeAnswer, takeBlock } from "./firstAnswers";
import { listQuery } from "./view";

const answerWith = (status: number, body: unknown) => {
  const asked = vi.fn((_: string) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", asked);
  return asked;
};
afterEach(() => vi.unstubAllGlobals());
const request = (address: string, method = "GET") => new Request(`http://server.example${address}`, { method });

test("an answer that was asked for early is taken once, by the same question alone", async () => {
  answerWith(200, { user: {} });
  askWho();
  expect(takeAnswer(request("/api/auth/me?x=1"))).toBeUndefined();
  askWho();
  expect((await takeAnswer(request("/api/auth/me")))?.status).toBe(200);
  expect(takeAnswer(request("/api/auth/me"))).toBeUndefined();
});

test("the first rows are asked for as the address says, and belong to that list alone", async () => {
  const asked = answerWith(200, { customers: [], total: 7 });
  const page = await askBlock({ view: "motor", search: "a b" });
  expect(page?.total).toBe(7);
  expect(asked.mock.calls[0]![0]).toBe("/api/insurance/customers?offset=0&limit=100&vertical=motor&search=a+b&sort=-created");
  expect(await takeBlock(listQuery({ view: "motor" }))).toBeNull();
  await askBlock({ view: "motor" });
  expect(await takeBlock(listQuery({ view: "motor" }))).toEqual(page);
  expect(await takeBlock(listQuery({ view: "motor" }))).toBeNull();
});

test("rows that are refused are asked for anew by whoever needs them", async () => {
  answerWith(401, {});
  await askBlock({});
  expect(await takeBlock(listQuery({}))).toBeNull();
});
