// What the server tells as it happens. One tab of the browser holds the stream (whoever has the lock) and passes
// events on to the others; when it closes, another takes over where it was.
//
// States: `live`; `trying` while the stream is cut, when `onPoll` is called every two seconds instead. A stream that is
// not answered, or falls silent because something between here and the server holds it back, counts as cut too, and so
// does one that opens and soon ends, again and again.
import { type Customer, type Job, signedOut } from "../api/client";
import { Emitter } from "../lib/emitter";

export type LiveEvent =
  | { kind: "job"; data: Job }
  | { kind: "customer"; data: Customer | { id: string; deleted: true } }
  | { kind: "customers"; data: { count: number } }
  | { kind: "reset"; data: unknown };
// Between tabs: what happened, how the stream is, a new tab's question how it is, and that the user has signed out.
type Message = { event: LiveEvent; lastId: string } | { isLive: boolean } | { asks: true } | { hasSignedOut: true };

const kKinds = ["job", "customer", "customers", "reset"] as const;
const kPollMs = 2_000;
const kGiveUpMs = 3_000; // a cut shorter than this is nobody's concern
const kProvenMs = 5_000; // a stream that stood for less has told nothing that one could rely on
const kSilenceMs = 40_000; // the server gives a sign of life every 15 s

const listeners = new Set<(event: LiveEvent) => void>();
const pollers = new Set<() => void>();
const changes = new Emitter<"">();
let isLive = true;
let stop: (() => void) | null = null;
let leave = () => {};

export const isStreamLive = () => isLive;
export const onLiveChange = (call: () => void) => changes.on("", call);
export function onEvent(call: (event: LiveEvent) => void) {
  listeners.add(call);
  return () => void listeners.delete(call);
}
// Called again and again while the stream is cut, and once when it is back or this tab has joined it: what changed
// between the page's first answers and that moment nobody has told it.
export function onPoll(call: () => void) {
  pollers.add(call);
  return () => void pollers.delete(call);
}

function setLive(next: boolean) {
  if (isLive === next) return;
  isLive = next;
  if (isLive) poll();
  changes.emit("");
}
const poll = () => {
  for (const call of pollers) call();
};
const tell = (event: LiveEvent) => {
  for (const call of listeners) call(event);
};

// Starts listening for the user that is signed in; one user a time.
export function startEvents(userId: string) {
  stopEvents();
  const name = `rowlane-events-${userId}`;
  const channel = new BroadcastChannel(name);
  const abort = new AbortController();
  let lastId = "";
  let closeStream = () => {};
  let isLeading = false, hasJoined = false;
  isLive = true;

  const pass = (message: Message) => {
    channel.postMessage(message);
    receive(message);
  };
  const receive = (message: Message) => {
    if ("hasSignedOut" in message) {
      stopEvents();
      return signedOut();
    }
    if ("asks" in message) return void (isLeading && channel.postMessage({ isLive }));
    if ("isLive" in message) {
      if (message.isLive && isLive && !hasJoined) poll();
      hasJoined ||= message.isLive;
      return setLive(message.isLive);
    }
    lastId = message.lastId;
    tell(message.event);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => receive(data);

  channel.postMessage({ asks: true });

  const lead = () => {
    isLeading = true;
    closeStream = openStream(
      () => lastId,
      (event, id) => pass({ event, lastId: id }),
      (next) => pass({ isLive: next }),
    );
    return new Promise<void>((resolve) => abort.signal.addEventListener("abort", () => resolve()));
  };
  // Without locks (an insecure origin) every tab has a stream of its own.
  if (navigator.locks) navigator.locks.request(name, { signal: abort.signal }, lead).catch(() => {});
  else void lead();

  const timer = setInterval(() => {
    if (!isLive) poll();
  }, kPollMs);
  leave = () => channel.postMessage({ hasSignedOut: true });
  stop = () => {
    abort.abort();
    closeStream();
    clearInterval(timer);
    channel.close();
  };
}

// The user has signed out here: other tabs of this browser are not signed in any more either.
export function tellSignedOut() {
  leave();
  stopEvents();
}

export function stopEvents() {
  leave = () => {};
  stop?.();
  stop = null;
}

// Keeps one stream open; the browser's own retries end for good on any answer but 200, so this makes its own.
function openStream(lastId: () => string, take: (event: LiveEvent, id: string) => void, live: (isLive: boolean) => void): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout>;
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout>;
  let proof: ReturnType<typeof setTimeout>;
  let isClosed = false;
  let openedAt: number | null = null;
  let wasShort = false; // the stream before this one ended as soon as it was open

  const again = () => {
    source.close();
    for (const timer of [retry, silence, proof]) clearTimeout(timer);
    if (openedAt !== null) wasShort = Date.now() - openedAt < kProvenMs;
    openedAt = null;
    doubt();
    if (!isClosed) retry = setTimeout(connect, 500 + Math.random() * 1_500);
  };
  const doubt = () => {
    giveUp ??= setTimeout(() => live(false), kGiveUpMs);
  };
  const trust = () => {
    clearTimeout(giveUp);
    giveUp = undefined;
    live(true);
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(again, kSilenceMs);
  };
  const connect = () => {
    doubt();
    heard();
    source = new EventSource(`/api/events?heartbeat=1${lastId() ? `&lastEventId=${lastId()}` : ""}`);
    source.onopen = () => {
      heard();
      openedAt = Date.now();
      if (wasShort) proof = setTimeout(trust, kProvenMs);
      else trust();
    };
    source.onerror = again;
    source.addEventListener("heartbeat", heard);
    for (const kind of kKinds)
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        heard();
        take({ kind, data: JSON.parse(message.data) } as LiveEvent, message.lastEventId);
      });
  };
  connect();
  return () => {
    isClosed = true;
    source.close();
    for (const timer of [retry, giveUp, silence, proof]) clearTimeout(timer);
  };
}
