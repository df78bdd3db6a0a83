// Edits of cells that the server has not taken yet. Each is kept here from Enter until the server has answered for it:
// over a server that is down, a session that ended and a reload of the page. They are one person's: what somebody else
// left unsaved in this window is neither shown nor sent.
import type { Field } from "../api/client";
import { Emitter } from "../lib/emitter";
import type { Value } from "../lib/format";
import { onForget } from "../lib/person";

export interface Unsaved {
  readonly id: string; // of the record
  readonly field: Field;
  readonly value: Value; // as it shall be
  readonly version: number; // of the record when typing began
  // What the field may hold on the server without anybody else having been there: what was typed over, and what edits
  // of the same cell before this one may have set.
  readonly over: readonly Value[];
  // Tried, and neither taken nor refused.
  readonly isWaiting: boolean;
}

const keyOf = ({ id, field }: Pick<Unsaved, "id" | "field">) => `${id} ${field.name}`;
const storageOf = (person: string) => `rowlane.unsaved.${person}`;

export class Outbox {
  private readonly edits = new Map<string, Unsaved>();
  private readonly changes = new Emitter<"">();
  private readonly watchers = new Set<(id: string) => void>();
  private storage: string | null = null;
  private waiting = 0;

  // The edits that this person left unsaved in this window.
  open(person: string) {
    if (this.storage === storageOf(person)) return; // signed in anew: they are here
    this.close();
    this.storage = storageOf(person);
    for (const edit of readStored(this.storage)) this.edits.set(keyOf(edit), { ...edit, isWaiting: true });
    this.changed(...this.ids());
  }
  // Nothing is shown any more; what is unsaved stays stored for its person.
  close() {
    const ids = this.ids();
    this.edits.clear();
    this.storage = null;
    this.changed(...ids);
  }

  // An edit takes the place of an earlier one of its cell that is not saved.
  add(edit: Omit<Unsaved, "over" | "isWaiting">, typedOver: Value): Unsaved {
    const before = this.edits.get(keyOf(edit));
    const over = before ? [...before.over, before.value, typedOver] : [typedOver];
    const added = { ...edit, version: before?.version ?? edit.version, over, isWaiting: before?.isWaiting ?? false };
    this.edits.set(keyOf(added), added);
    this.changed(added.id);
    return added;
  }
  // The edit as it is now: undefined when it was taken out, or another of its cell has taken its place.
  current(edit: Unsaved): Unsaved | undefined {
    const now = this.edits.get(keyOf(edit));
    return now && now.value === edit.value && now.over.length === edit.over.length ? now : undefined;
  }
  wait(edit: Unsaved) {
    const now = this.current(edit);
    if (!now || now.isWaiting) return;
    this.edits.set(keyOf(now), { ...now, isWaiting: true });
    this.changed(now.id);
  }
  // The server has answered for it.
  take(edit: Unsaved) {
    if (!this.current(edit)) return;
    this.edits.delete(keyOf(edit));
    this.changed(edit.id);
  }

  all = () => [...this.edits.values()];
  of = (id: string) => this.all().filter((edit) => edit.id === id);
  waitingCount = () => this.waiting;
  onWaiting = (call: () => void) => this.changes.on("", call);
  // Told of each record whose unsaved edits are others now.
  onRecord(call: (id: string) => void): () => void {
    this.watchers.add(call);
    return () => void this.watchers.delete(call);
  }

  private ids = () => [...new Set(this.all().map(({ id }) => id))];
  private changed(...ids: string[]) {
    this.store();
    const waiting = this.all().filter((edit) => edit.isWaiting).length;
    const isOther = waiting !== this.waiting;
    this.waiting = waiting;
    for (const id of ids) for (const call of this.watchers) call(id);
    if (isOther) this.changes.emit("");
  }
  private store() {
    if (!this.storage) return;
    try {
      if (this.edits.size === 0) sessionStorage.removeItem(this.storage);
      else sessionStorage.setItem(this.storage, JSON.stringify(this.all()));
    } catch {
      // storage may be switched off or full: they stay in memory, as long as the page does
    }
  }
}

function readStored(key: string): Unsaved[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]") as Unsaved[];
  } catch {
    return [];
  }
}

export const outbox = new Outbox();
onForget(() => outbox.close());
