// The ticked records, by id: they stay ticked while their rows scroll away, reload or move.
import { useSyncExternalStore } from "react";
import { Emitter } from "../lib/emitter";
import { onForget } from "../lib/person";

export class Ticks {
  private readonly ids = new Set<string>();
  private readonly changes = new Emitter<"">();
  has = (id: string) => this.ids.has(id);
  count = () => this.ids.size;
  list = () => [...this.ids];
  onAny = (call: () => void) => this.changes.on("", call);

  set(ids: Iterable<string>, isTicked: boolean) {
    for (const id of ids) {
      if (isTicked) this.ids.add(id);
      else this.ids.delete(id);
    }
    this.changes.emit("");
  }
  clear() {
    this.set([...this.ids], false);
  }
}

export const ticks = new Ticks();
onForget(() => ticks.clear());
export const useTickCount = () => useSyncExternalStore(ticks.onAny, ticks.count);
