import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isStreamLive, onPoll, startEvents, stopEvents } from "./events";

// A stream that says nothing unless the test does.
class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  onopen = () => {};
  onerror = () => {};
  isClosed = false;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close() {
    this.isClosed = true;
  }
}
class FakeChannel {
  onmessage = null;
  postMessage() {}
  close() {}
}
const newest = () => FakeSource.all.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  vi.stubGlobal("EventSource", FakeSource);
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  vi.stubGlobal("navigator", {});
});
afterEach(() => {
  stopEvents();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a stream that is never answered counts as cut, and polling begins", () => {
  const poll = vi.fn();
  const stop = onPoll(poll);
  startEvents("1");
  vi.advanceTimersByTime(2_900);
  expect(isStreamLive()).toBe(true);
  vi.advanceTimersByTime(200);
  expect(isStreamLive()).toBe(false);
  poll.mockClear();
  vi.advanceTimersByTime(6_000);
  expect(poll).toHaveBeenCalledTimes(3);
  stop();
});

test("an open stream is joined with one look, stays live by heartbeats, and is opened anew when they stop", () => {
  const poll = vi.fn();
  const stop = onPoll(poll);
  startEvents("1");
  newest().onopen();
  expect(poll).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 8; i++) {
    vi.advanceTimersByTime(15_000);
    newest().dispatchEvent(new Event("heartbeat"));
  }
  expect(FakeSource.all.length).toBe(1);
  vi.advanceTimersByTime(43_000);
  expect(FakeSource.all[0]!.isClosed).toBe(true);
  expect(FakeSource.all.length).toBeGreaterThan(1);
  vi.advanceTimersByTime(3_000);
  expect(isStreamLive()).toBe(false);
  newest().onopen();
  expect(isStreamLive()).toBe(true);
  stop();
});

test("a stream that ends as soon as it is open counts as cut until one has stood for a while", () => {
  const poll = vi.fn();
  const stop = onPoll(poll);
  startEvents("1");
  newest().onopen();
  expect(isStreamLive()).toBe(true);
  newest().onerror();
  for (let i = 0; i < 4; i++) {
    vi.advanceTimersByTime(2_000); // it is opened anew after two seconds at the most
    newest().onopen();
    newest().onerror();
  }
  expect(isStreamLive()).toBe(false);
  poll.mockClear();
  vi.advanceTimersByTime(2_000);
  expect(poll).toHaveBeenCalled();
  newest().onopen();
  vi.advanceTimersByTime(4_900);
  expect(isStreamLive()).toBe(false);
  vi.advanceTimersByTime(200);
  expect(isStreamLive()).toBe(true);
  // One that was cut after it had stood for long is trusted as soon as it is back.
  vi.advanceTimersByTime(10_000);
  newest().onerror();
  vi.advanceTimersByTime(2_000);
  newest().onopen();
  expect(isStreamLive()).toBe(true);
  stop();
});
