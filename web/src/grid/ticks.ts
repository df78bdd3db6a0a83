// The ticked records, by id: they stay ticked while their rows scroll away, reload or move.
import { useCallback, useSyncExternalStore } from "react";
import { Emitter } from "../lib/emitter";

const kAll = "";

export class Ticks {
  private readonly ids = new Set<string>();
  private readonly changes = new Emitter<string>();
  has = (id: string) => this.ids.has(id);
  count = () => this.ids.size;
  list = () => [...this.ids];
  on = (id: string, call: () => void) => this.changes.on(id, call);
  onAny = (call: () => void) => this.changes.on(kAll, call);

  set(ids: Iterable<string>, isTicked: boolean) {
    for (const id of ids) {
      if (this.ids.has(id) === isTicked) continue;
      if (isTicked) this.ids.add(id);
      else this.ids.delete(id);
      this.changes.emit(id);
    }
    this.changes.emit(kAll);
  }
  clear() {
    this.set([...this.ids], false);
  }
}

export const ticks = new Ticks();

export function useTicked(id: string): boolean {
  const subscribe = useCallback((call: () => void) => ticks.on(id, call), [id]);
  return useSyncExternalStore(subscribe, () => ticks.has(id));
}
export const useTickCount = () => useSyncExternalStore(ticks.onAny, ticks.count);
