// What is said of where a record stands towards the sheet.
import type { Customer } from "../api/client";
import { showMoment } from "../lib/format";
import { sentence } from "../lib/text";
import type { Tone } from "../ui/tones";

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

export function syncLook({ state, reason, at }: Customer["sync"]): { tone: Tone; name: string; title: string } {
  const { tone, name, text } = states[state];
  return { tone, name, title: `${reason ? sentence(reason) : text}${at ? `, ${showMoment(at)}` : ""}` };
}
