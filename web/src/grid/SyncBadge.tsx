// Where a record stands towards the sheet.
import type { Customer } from "../api/client";
import { sentence } from "../api/client";
import { showMoment } from "../lib/format";
import { Badge, type Tone } from "../ui/parts";

const states: Record<Customer["sync"]["state"], { tone: Tone; name: string; text: string }> = {
  synced: { tone: "plain", name: "Synced", text: "As in the sheet" },
  unsynced: { tone: "info", name: "Unsynced", text: "The next sync takes it to the sheet" },
  syncing: { tone: "info", name: "Syncing…", text: "A sync is taking it to the sheet" },
  conflict: { tone: "warn", name: "Conflict", text: "Changed on both sides" },
  held: { tone: "warn", name: "Held", text: "Held back until somebody says yes" },
  rejected: { tone: "bad", name: "Rejected", text: "The sheet's value cannot be taken" },
  ambiguous: { tone: "bad", name: "Ambiguous", text: "Several rows or records have its key" },
};
export const syncName = (state: string) => states[state as Customer["sync"]["state"]]?.name ?? state;

const dots: Record<Tone, string> = { good: "bg-good", warn: "bg-warn", bad: "bg-bad", info: "bg-info", plain: "border border-line-strong" };

export function SyncBadge({ sync, isDot }: { sync: Customer["sync"]; isDot?: boolean }) {
  const { tone, name, text } = states[sync.state];
  const when = sync.at ? `, ${showMoment(sync.at)}` : "";
  if (isDot) return <span title={`${name}${when}`} className={`size-2.5 rounded-full ${dots[tone]}`}><span className="sr-only">{name}</span></span>;
  return <Badge tone={tone} title={`${sync.reason ? sentence(sync.reason) : text}${when}`}>{name}</Badge>;
}
