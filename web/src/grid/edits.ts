// Edits of records: shown at once, sent with the version they were made on, undone by themselves when refused. What the
// server could not answer waits (`outbox`) and is sent again.
import { toast } from "sonner";
import { ApiError, type Customer, type Field, api, json, reasonOf, unwrap } from "../api/client";
import { asChange, labelOf, fieldValue } from "../lib/fields";
import { type Value, show, showCount } from "../lib/format";
import { onPoll } from "../live/events";
import { openPage } from "../lib/navigate";
import { outbox, type Unsaved } from "./outbox";
import { rows } from "./rows";
import { ticks } from "./ticks";
import { twinsOf } from "./twins";

type Change = Record<string, unknown>;
const same = (a: Value, b: Value) => (a ?? null) === (b ?? null);

// Edits of one record go one after the other: each has the version that the one before it made.
const chains = new Map<string, Promise<unknown>>();
function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
  const turn = (chains.get(id) ?? Promise.resolve()).then(work, work);
  chains.set(id, turn);
  void turn.catch(() => {}).finally(() => chains.get(id) === turn && chains.delete(id));
  return turn;
}

const put = (id: string, version: number, change: Change) =>
  unwrap(
    api.PATCH("/api/insurance/customers/{id}", {
      ...json,
      params: { path: { id }, header: { "If-Match": `"${version}"` } },
      body: change as never,
    }),
  );

export interface CellEdit {
  customer: Customer;  // as it was when typing began
  field: Field;
  value: Value;
}

// Saves one cell: it shows the edit at once, and keeps it until the server has answered for it. A record that moved on
// in other fields alone takes the edit; one whose very field moved refuses it.
export async function saveCell({ customer, field, value }: CellEdit): Promise<void> {
  const before = fieldValue(customer, field);
  if (same(before, value)) return;
  await send(outbox.add({ id: customer.id, field, value, version: customer.version }, before));
}

// No answer that says yes or no: the server is down, busy, or nobody is signed in any more.
const isUndecided = (error: unknown) =>
  error instanceof ApiError && (error.status === 0 || error.status === 401 || error.status === 408 || error.status === 429 || error.status >= 500);

const sending = new Set<Unsaved>();
async function send(edit: Unsaved): Promise<void> {
  sending.add(edit);
  await inTurn(edit.id, async () => {
    if (!outbox.current(edit)) return; // another edit of the cell has taken its place
    try {
      const saved = await saveOverOtherFields(edit);
      rows.put(saved);
      outbox.take(edit);
      if (edit.field.name === "current_policy_no") void tellTwins(saved);
    } catch (error) {
      if (isUndecided(error)) return outbox.wait(edit);
      // This edit alone is undone: what the record holds now, in this field.
      const current = await refetch(edit.id);
      if (current) rows.put(current);
      outbox.take(edit);
      tellRefused(error, edit, current);
    }
  });
  sending.delete(edit);
}

// Two records with one policy number cannot be told apart by a sync: that is better known before it.
async function tellTwins({ id, current_policy_no: policyNo }: Customer) {
  const [twin] = policyNo ? await twinsOf(policyNo, id).catch(() => []) : [];
  if (!twin) return;
  toast.warning(`${twin.name} has this policy number, too`, {
    description: `${policyNo}: a sync leaves both records out until they differ.`,
    duration: Number.POSITIVE_INFINITY,
    action: { label: "Open", onClick: () => openPage(`/customers?record=${encodeURIComponent(twin.id)}`) },
  });
}

async function saveOverOtherFields({ id, field, value, version: first, over }: Unsaved): Promise<Customer> {
  let version = first;
  for (let attempt = 0; ; attempt++) {
    try {
      return await put(id, version, asChange(field, value));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || attempt === 3) throw error;
      const current = await refetch(id);
      if (!current) throw error;
      const now = fieldValue(current, field);
      if (same(now, value)) return current; // its answer was lost
      if (!over.some((one) => same(one, now))) throw error;
      version = current.version;
    }
  }
}

// --- Edits that wait ---

const kTryAgainMs = 3_000;

async function sendWaiting() {
  const waiting = outbox.all().filter((edit) => edit.isWaiting && ![...sending].some((one) => outbox.current(one) === edit));
  if (waiting.length === 0) return;
  await Promise.all(waiting.map(send));
  if (outbox.waitingCount() === 0) toast.success(waiting.length === 1 ? "Your edit is saved" : `Your ${showCount(waiting.length)} edits are saved`);
}

rows.overlay = ({ id, extra }) => {
  const unsaved = outbox.of(id);
  if (unsaved.length === 0) return null;
  const change: Partial<Customer> = {};
  for (const { field, value } of unsaved) {
    if (field.extra) change.extra = { ...(change.extra ?? extra), [field.name]: value } as Customer["extra"];
    else Object.assign(change, { [field.name]: value ?? null });
  }
  return { change, waiting: unsaved.filter(({ isWaiting }) => isWaiting).map(({ field }) => field.name) };
};
outbox.onRecord((id) => rows.reshow(id));

// Shows and sends what this person has left unsaved in this window, until stopped.
export function startOutbox(person: string): () => void {
  outbox.open(person);
  void sendWaiting();
  const timer = setInterval(() => void sendWaiting(), kTryAgainMs);
  const stopPolling = onPoll(() => void sendWaiting());
  return () => {
    clearInterval(timer);
    stopPolling();
  };
}

async function refetch(id: string): Promise<Customer | null> {
  try {
    return await unwrap(api.GET("/api/insurance/customers/{id}", { params: { path: { id } } }));
  } catch {
    return null;
  }
}

// What was typed stays in sight until the person has read it.
function tellRefused(error: unknown, { id, field, value }: Unsaved, current: Customer | null) {
  const typed = show(field.type, value) || "(blank)";
  const stays = { duration: Number.POSITIVE_INFINITY };
  if (!(error instanceof ApiError) || error.status !== 412 || !current) {
    const of = rows.row(id)?.customer.name;
    toast.error(`${labelOf(field.name)}${of ? ` of ${of}` : ""} was not saved`, { description: `${reasonOf(error)} You typed: ${typed}`, ...stays });
    return;
  }
  toast.error(`Somebody else changed ${labelOf(field.name)} first`, {
    description: `It is now ${show(field.type, fieldValue(current, field)) || "blank"}. You typed: ${typed}`,
    ...stays,
    action: { label: "Use mine", onClick: () => void saveCell({ customer: current, field, value }) },
  });
}

export async function saveRecord(customer: Customer, change: Change): Promise<Customer> {
  return inTurn(customer.id, async () => {
    const saved = await put(customer.id, customer.version, change);
    rows.put(saved);
    return saved;
  });
}

// --- Several records ---

const kPiece = 500; // records of one request: so far a change goes on after it was cancelled
const kUndoShownMs = 15_000;

type Report = { changed: number; undo: string | null };
export const countOf = (n: number, what = "record") => (n === 1 ? `one ${what}` : `${showCount(n)} ${what}s`);

// A change of many records while it runs: how far it is, and its end before its time.
export class Progress {
  isStopped = false;
  constructor(readonly onDone: (done: number) => void) {}
  stop() {
    this.isStopped = true;
  }
}
// What came of it. With an error, or when it was stopped, the first `done` records are changed and stay so.
interface Outcome {
  reports: Report[];
  done: number;
  error?: unknown;
}

// Any number of records, a piece at a time: others work on meanwhile, and it can be stopped.
async function inPieces(ids: string[], progress: Progress, call: (ids: string[]) => Promise<Report>): Promise<Outcome> {
  const outcome: Outcome = { reports: [], done: 0 };
  progress.onDone(0);
  while (outcome.done < ids.length && !progress.isStopped) {
    const piece = ids.slice(outcome.done, outcome.done + kPiece);
    try {
      outcome.reports.push(await call(piece));
    } catch (error) {
      outcome.error = error;
      break;
    }
    outcome.done += piece.length;
    progress.onDone(outcome.done);
  }
  void rows.refresh();
  return outcome;
}

// How many records are as before: what somebody changed since stays.
async function takeBack(reports: Report[]): Promise<number> {
  const told = "undo-progress";
  const total = reports.reduce((sum, { changed }) => sum + changed, 0);
  let count = 0, seen = 0;
  try {
    for (const { undo, changed } of reports.toReversed()) {
      if (total > kPiece) toast.loading("Undoing", { id: told, description: `${showCount(seen)} of ${showCount(total)} records`, duration: Number.POSITIVE_INFINITY });
      if (undo) count += (await unwrap(api.POST("/api/insurance/customers/undo", { ...json, body: { undo } }))).changed;
      seen += changed;
    }
  } finally {
    toast.dismiss(told);
  }
  return count;
}

interface Told {
  title: string;
  description?: string;
  undone: (count: number) => string;
}
// What was done, with the way back.
function tellOutcome({ reports, error }: Outcome, { title, description, undone }: Told) {
  const undo = async () => {
    try {
      const count = await takeBack(reports);
      const kept = reports.reduce((sum, { changed }) => sum + changed, 0) - count;
      toast.success(undone(count), { description: kept > 0 ? `${countOf(kept)} moved on since and stayed.` : undefined });
    } catch (problem) {
      toast.error("Not everything could be undone", { description: reasonOf(problem) });
    }
    await rows.refresh();
  };
  const action = { label: "Undo", onClick: () => void undo() };
  if (error) toast.error(title, { description, duration: Number.POSITIVE_INFINITY, action });
  else toast.success(title, { description, duration: kUndoShownMs, action });
}
// The error of a change that did nothing; one that did something is told.
function throwIfNothing({ done, error }: Outcome) {
  if (error && done === 0) throw error;
}
const partOf = (done: number, total: number) => (done === total ? countOf(total) : `${showCount(done)} of ${countOf(total)}`);
const whyNotAll = ({ done, error }: Outcome, total: number) =>
  error ? `${reasonOf(error)} The others are as they were.` : done < total ? "It was stopped; the others are as they were." : undefined;

export async function deleteRecords(ids: string[], progress = new Progress(() => {})) {
  const outcome = await inPieces(ids, progress, (piece) => unwrap(api.DELETE("/api/insurance/customers", { ...json, body: { ids: piece } })));
  throwIfNothing(outcome);
  const { done } = outcome;
  ticks.set(ids.slice(0, done), false);
  if (done === 0) return;
  const title = done < ids.length ? `${partOf(done, ids.length)} deleted` : ids.length === 1 ? "Record deleted" : `${showCount(done)} records deleted`;
  const description = whyNotAll(outcome, ids.length) ?? "The sheet follows with your next sync.";
  tellOutcome(outcome, { title, description, undone: (count) => (count === 1 ? "The record is back" : `${showCount(count)} records are back`) });
}

export async function bulkSet(ids: string[], field: Field, value: Value, progress: Progress) {
  const set = asChange(field, value) as never;
  const outcome = await inPieces(ids, progress, (piece) => unwrap(api.PATCH("/api/insurance/customers", { ...json, body: { ids: piece, set } })));
  throwIfNothing(outcome);
  if (outcome.done === 0) return;
  const title = `${labelOf(field.name)} set in ${partOf(outcome.done, ids.length)}`;
  tellOutcome(outcome, { title, description: whyNotAll(outcome, ids.length), undone: () => "The bulk edit is undone" });
}
