// What the customers page shows, as its address says: search, filters, sort, saved view.
import { dayFromToday } from "./format";

export interface View {
  view?: string;     // a key of `views`
  search?: string;
  status?: string;
  sync?: string;
  owner?: string;
  due?: Due;
  sort?: string;     // "-premium": descending
  record?: string;   // the record whose page lies over the list
}
// How many rows of the list are asked for at once.
export const kBlock = 100;
export type Due = "overdue" | "7" | "30" | "60";

export const views = [
  { key: "all", name: "All" }, { key: "motor", name: "Motor" }, { key: "health", name: "Health" }, { key: "non-motor", name: "Non-motor" },
  { key: "2-wheeler", name: "Two-wheeler" }, { key: "general", name: "General" }, { key: "life", name: "Life" },
] as const;
export const syncStates = ["synced", "unsynced", "syncing", "held", "rejected", "ambiguous"] as const;
export const sortable = new Set(["name", "renewal_date", "premium", "status", "company", "current_policy_no"]);

export function dueRange(due: Due): { renewal_from?: string; renewal_to?: string } {
  if (due === "overdue") return { renewal_to: dayFromToday(-1) };
  return { renewal_from: dayFromToday(0), renewal_to: dayFromToday(Number(due)) };
}

const pick = <T extends string>(value: unknown, known: readonly T[]): T | undefined => known.find((one) => one === String(value));
const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "").slice(0, 200) || undefined;

// An address that somebody typed or kept: what is not known is passed over.
export function readView(search: Record<string, unknown>): View {
  const sort = text(search.sort);
  const out: View = {
    view: pick(search.view, views.map(({ key }) => key).filter((key) => key !== "all")),
    search: text(search.search),
    status: text(search.status),
    sync: pick(search.sync, syncStates),
    owner: text(search.owner),
    due: pick(search.due, ["overdue", "7", "30", "60"] as const),
    sort: sort && (sortable.has(sort.replace(/^-/, "")) || /^-?(created|updated)$/.test(sort)) ? sort : undefined,
    record: text(search.record),
  };
  return Object.fromEntries(Object.entries(out).filter(([, value]) => value !== undefined));
}

// The list's parameters; the open record is none of them.
export function listQuery(view: View) {
  return {
    vertical: view.view, search: view.search, status: view.status, sync: view.sync, owner: view.owner,
    ...(view.due ? dueRange(view.due) : {}),
    sort: view.sort ?? (view.due ? "renewal_date" : "-created"),
  };
}
