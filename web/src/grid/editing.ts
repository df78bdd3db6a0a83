// The one cell that is being typed into. It lives outside the grid's rows: scrolling, syncs and other people's edits
// leave it, its text and its caret alone.
import { useSyncExternalStore } from "react";
import type { Value } from "../lib/format";
import { Emitter } from "../lib/emitter";

export interface Editing {
  id: string;
  field: string;
  text: string;
  // What the record held when typing began: the edit is refused when this field has moved on since.
  version: number;
  value: Value;
  error: string;
}

let editing: Editing | null = null;
const changes = new Emitter<"">();

export const currentEditing = () => editing;
export function setEditing(next: Editing | null) {
  editing = next;
  changes.emit("");
}
const subscribe = (call: () => void) => changes.on("", call);

// The editing in this record, or null: other rows do not render while one is typed into.
export const useEditing = (id: string) => useSyncExternalStore(subscribe, () => (editing?.id === id ? editing : null));
export const useEditedId = () => useSyncExternalStore(subscribe, () => editing?.id ?? null);
