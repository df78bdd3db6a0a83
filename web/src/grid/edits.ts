// Edits of records: shown at once, sent with the version they were made on, undone by themselves when refused.
import { toast } from "sonner";
import { ApiError, type Customer, type Field, api, json, reasonOf, unwrap } from "../api/client";
import { asChange, labelOf, fieldValue } from "../lib/fields";
import { type Value, show, showCount } from "../lib/format";
import { rows } from "./rows";
import { ticks } from "./ticks";

type Change = Record<string, unknown>;
const same = (a: Value, b: Value) => (a ?? null) === (b ?? null);

function localPatch(customer: Customer, change: Change): Partial<Customer> {
  const extra = change.extra as Change | undefined;
  return (extra ? { extra: { ...(customer.extra as Change), ...extra } } : change) as Partial<Customer>;
}

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

// Saves one cell. A record that moved on in other fields alone takes the edit; one whose very field moved refuses it.
export async function saveCell({ customer, field, value }: CellEdit): Promise<void> {
  const before = fieldValue(customer, field);
  if (same(before, value)) return;
  const change = asChange(field, value);
  rows.patch(customer.id, localPatch(rows.row(customer.id)?.customer ?? customer, change));
  await inTurn(customer.id, async () => {
    const save = (version: number) => put(customer.id, version, change);
    try {
      rows.put(await saveOverOtherFields(customer, field, save));
    } catch (error) {
      // This edit alone is undone: what the record holds now, in this field.
      const current = await refetch(customer.id);
      rows.patch(customer.id, localPatch(current ?? customer, asChange(field, current ? fieldValue(current, field) : before)));
      if (current) rows.put(current);
      tellRefused(error, { customer: current ?? customer, field, value });
    }
  });
}

async function saveOverOtherFields(customer: Customer, field: Field, save: (version: number) => Promise<Customer>): Promise<Customer> {
  let version = customer.version;
  for (let attempt = 0; ; attempt++) {
    try {
      return await save(version);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || attempt === 3) throw error;
      const current = await refetch(customer.id);
      if (!current || !same(fieldValue(current, field), fieldValue(customer, field))) throw error;
      version = current.version;
    }
  }
}

async function refetch(id: string): Promise<Customer | null> {
  try {
    return await unwrap(api.GET("/api/insurance/customers/{id}", { params: { path: { id } } }));
  } catch {
    return null;
  }
}

function tellRefused(error: unknown, { customer, field, value }: CellEdit) {
  const typed = show(field.type, value) || "(blank)";
  if (!(error instanceof ApiError) || error.status !== 412) {
    toast.error(`${labelOf(field.name)} was not saved`, { description: `${reasonOf(error)} You typed: ${typed}` });
    return;
  }
  toast.error(`Somebody else changed ${labelOf(field.name)} first`, {
    description: `It is now ${show(field.type, fieldValue(customer, field)) || "blank"}. You typed: ${typed}`,
    duration: 20_000,
    action: { label: "Use mine", onClick: () => void saveCell({ customer, field, value }) },
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

const kPiece = 5_000; // ids of one request; the server changes all of them or none
const kUndoShownMs = 15_000;

type Report = { changed: number; undo: string | null };
export const countOf = (n: number, what = "record") => (n === 1 ? `one ${what}` : `${showCount(n)} ${what}s`);

// Any number of records, in as few requests as the server takes. When one is refused, those before it are taken back.
async function inPieces(ids: string[], call: (ids: string[]) => Promise<Report>): Promise<Report[]> {
  const reports: Report[] = [];
  try {
    for (let at = 0; at < ids.length; at += kPiece) reports.push(await call(ids.slice(at, at + kPiece)));
  } catch (error) {
    await takeBack(reports);
    throw error;
  } finally {
    void rows.refresh();
  }
  return reports;
}

// How many records are as before: what somebody changed since stays.
async function takeBack(reports: Report[]): Promise<number> {
  let count = 0;
  for (const { undo } of reports.toReversed()) if (undo) count += (await unwrap(api.POST("/api/insurance/customers/undo", { ...json, body: { undo } }))).changed;
  return count;
}

function offerUndo(title: string, description: string | undefined, reports: Report[], told: (count: number) => string) {
  const undo = async () => {
    try {
      const count = await takeBack(reports);
      const kept = reports.reduce((sum, { changed }) => sum + changed, 0) - count;
      toast.success(told(count), { description: kept > 0 ? `${countOf(kept)} moved on since and stayed.` : undefined });
    } catch (error) {
      toast.error("Not everything could be undone", { description: reasonOf(error) });
    }
    await rows.refresh();
  };
  toast.success(title, { description, duration: kUndoShownMs, action: { label: "Undo", onClick: () => void undo() } });
}

export async function deleteRecords(ids: string[]) {
  const reports = await inPieces(ids, (piece) => unwrap(api.DELETE("/api/insurance/customers", { ...json, body: { ids: piece } })));
  ticks.set(ids, false);
  const title = ids.length === 1 ? "Record deleted" : `${showCount(ids.length)} records deleted`;
  offerUndo(title, "The sheet follows with your next sync.", reports, (count) => (count === 1 ? "The record is back" : `${showCount(count)} records are back`));
}

export async function bulkSet(ids: string[], field: Field, value: Value) {
  const set = asChange(field, value) as never;
  const reports = await inPieces(ids, (piece) => unwrap(api.PATCH("/api/insurance/customers", { ...json, body: { ids: piece, set } })));
  offerUndo(`${labelOf(field.name)} set in ${countOf(ids.length)}`, undefined, reports, () => "The bulk edit is undone");
}
