// Edits of records: shown at once, sent with the version they were made on, undone by themselves when refused.
import { toast } from "sonner";
import { ApiError, type Customer, type Field, api, json, reasonOf, unwrap } from "../api/client";
import { asChange, labelOf, valueOf } from "../lib/fields";
import { type Value, show } from "../lib/format";
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
  const before = valueOf(customer, field);
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
      rows.patch(customer.id, localPatch(current ?? customer, asChange(field, current ? valueOf(current, field) : before)));
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
      if (!current || !same(valueOf(current, field), valueOf(customer, field))) throw error;
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
    description: `It is now ${show(field.type, valueOf(customer, field)) || "blank"}. You typed: ${typed}`,
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

export async function deleteRecords(ids: string[]) {
  await unwrap(api.DELETE("/api/insurance/customers", { ...json, body: { ids } }));
  ticks.set(ids, false);
  await rows.refresh();
  toast.success(ids.length === 1 ? "Record deleted" : `${ids.length} records deleted`, {
    description: "The sheet follows with your next sync.",
    duration: 15_000,
    action: { label: "Undo", onClick: () => void restoreRecords(ids) },
  });
}

async function restoreRecords(ids: string[]) {
  const results = await Promise.allSettled(ids.map((id) => unwrap(api.POST("/api/insurance/customers/{id}/restore", { ...json, params: { path: { id } } }))));
  await rows.refresh();
  const failed = results.find((result) => result.status === "rejected");
  if (failed) toast.error("Not every record came back", { description: reasonOf(failed.reason) });
  else toast.success(ids.length === 1 ? "The record is back" : `${ids.length} records are back`);
}

// Sets one field of several records; undone by setting back what each of them had.
export async function bulkSet(ids: string[], field: Field, value: Value) {
  const before = await Promise.all(ids.map(async (id) => rows.row(id)?.customer ?? (await refetch(id))));
  await unwrap(api.PATCH("/api/insurance/customers", { ...json, body: { ids, set: asChange(field, value) as never } }));
  await rows.refresh();
  toast.success(`${labelOf(field.name)} set in ${ids.length === 1 ? "one record" : `${ids.length} records`}`, {
    duration: 15_000,
    action: { label: "Undo", onClick: () => void undoBulk(before.filter((one) => one !== null), field, value) },
  });
}

// Only what still holds the value that the bulk edit set: later edits stay.
async function undoBulk(before: Customer[], field: Field, set: Value) {
  const groups = new Map<string, { value: Value; ids: string[] }>();
  const current = await Promise.all(before.map(({ id }) => refetch(id)));
  for (const [i, customer] of before.entries()) {
    const now = current[i];
    if (!now || !same(valueOf(now, field), set)) continue;
    const value = valueOf(customer, field) ?? null;
    const group = groups.get(JSON.stringify(value)) ?? { value, ids: [] };
    group.ids.push(customer.id);
    groups.set(JSON.stringify(value), group);
  }
  try {
    for (const { value, ids } of groups.values()) await unwrap(api.PATCH("/api/insurance/customers", { ...json, body: { ids, set: asChange(field, value) as never } }));
    toast.success("The bulk edit is undone");
  } catch (error) {
    toast.error("The bulk edit could not be undone", { description: reasonOf(error) });
  }
  await rows.refresh();
}
