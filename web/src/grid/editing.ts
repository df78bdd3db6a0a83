// The one cell that is being typed into. It lives outside the grid's rows: scrolling, syncs and other people's edits
// leave it, its text and its caret alone.
import { useSyncExternalStore } from "react";
import type { Customer, Field } from "../api/client";
import type { Value } from "../lib/format";
import { Emitter } from "../lib/emitter";
import { onForget } from "../lib/person";

export interface Editing {
  id: string;
  field: string;
  text: string;
  // The record as it was when typing began: the edit is refused when this field has moved on since. Kept here, as its
  // row may be far out of sight, or its column gone, when the edit is saved.
  customer: Customer;
  of: Field;
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
onForget(() => setEditing(null));
export const onEditing = (call: () => void) => changes.on("", call);
export const useEditing = () => useSyncExternalStore(onEditing, currentEditing);
