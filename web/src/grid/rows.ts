// The customers that this page knows, one by one, and which of them stand where in the list at hand.
//
// A row is subscribed to by its id: one changed record renders one row. The list is windowed: blocks of `kBlock`
// places are asked for as they come into sight, and the farthest ones are forgotten, so nothing here grows with the
// size of the agency. What a person has typed, ticked or is editing lives elsewhere and survives every reload here.
import { useCallback, useSyncExternalStore } from "react";
import type { Customer } from "../api/client";
import { Emitter } from "../lib/emitter";
import { kBlock } from "../lib/view";

export { kBlock };
export const kBlocksMax = 12;

export interface Page {
  customers: Customer[];
  total: number;
}
// Rows `offset` to `offset + limit` of the list.
export type Load = (offset: number, limit: number) => Promise<Page>;

export interface Row {
  customer: Customer; // with what was edited here and is not saved yet
  server: Customer; // as the server has it
  // Fields that wait to be saved.
  waiting?: readonly string[];
  // Somebody else changed it while it was here; cleared when it has been shown for a while.
  changedBy?: string;
}

// An edit that is not saved yet, laid over what the server says.
export interface Overlaid {
  change: Partial<Customer>;
  waiting: string[];
}

// The list as a whole, for components: another object only when something of it differs.
export interface ListState {
  total: number;
  isLoaded: boolean;
  error: unknown;
}

export class Rows {
  total = 0;
  // Edits of the record that are not saved yet, if any.
  overlay: (server: Customer) => Overlaid | null = () => null;
  reader = ""; // the e-mail of who looks at the list: own changes are not told
  error: unknown = null;
  isLoaded = false;
  private load: Load | null = null;
  private generation = 0;
  private readonly rows = new Map<string, Row>();
  private readonly places = new Map<number, string[]>(); // by block
  private readonly loading = new Map<number, number>(); // block -> generation that asked
  private readonly changes = new Emitter<string>();
  private readonly watchers = new Set<(id: string) => void>();
  private wanted: [number, number] = [0, 0];
  private stateNow: ListState = { total: 0, isLoaded: false, error: null };

  // --- What components read ---

  row = (id: string): Row | undefined => this.rows.get(id);
  onRow = (id: string, call: () => void) => this.changes.on(id, call);
  // Every row, by a single listener: the grid knows which of them it shows.
  onAnyRow(call: (id: string) => void): () => void {
    this.watchers.add(call);
    return () => void this.watchers.delete(call);
  }
  // The list itself: its length and which id stands where.
  onList = (call: () => void) => this.changes.on("", call);
  state = () => this.stateNow;

  idAt(index: number): string | undefined {
    return this.places.get(Math.floor(index / kBlock))?.[index % kBlock];
  }
  indexOf(id: string): number {
    for (const [block, ids] of this.places) {
      const at = ids.indexOf(id);
      if (at >= 0) return block * kBlock + at;
    }
    return -1;
  }
  get blockCount() {
    return this.places.size;
  }

  // --- The list ---

  // Another filter or sort: nothing of the list before stays.
  open(load: Load) {
    this.load = load;
    this.generation++;
    this.places.clear();
    this.rows.clear();
    this.loading.clear();
    this.total = 0;
    this.isLoaded = false;
    this.error = null;
    this.wanted = [0, 0];
    this.listChanged();
    void this.fetchBlock(0);
  }

  // Places `from` to `to` are in sight.
  want(from: number, to: number) {
    const first = Math.floor(Math.max(0, from) / kBlock);
    const last = Math.floor(Math.max(0, Math.min(to, this.total - 1)) / kBlock);
    this.wanted = [first, last];
    if (!this.isLoaded) return;
    for (let block = first; block <= last; block++) if (!this.places.has(block)) void this.fetchBlock(block);
  }

  // Asks again for what is in sight, in place, and forgets the rest: the list may have moved.
  async refresh(): Promise<void> {
    if (!this.load) return;
    this.generation++;
    this.loading.clear();
    const [first, last] = this.wanted;
    for (const block of this.places.keys()) if (block < first || block > last) this.places.delete(block);
    const blocks = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    await Promise.all(blocks.map((block) => this.fetchBlock(block)));
  }

  private async fetchBlock(block: number): Promise<void> {
    const { load, generation } = this;
    if (!load || this.loading.get(block) === generation) return;
    this.loading.set(block, generation);
    let isSame = false; // places as before: rows tell their changes themselves
    try {
      const page = await load(block * kBlock, kBlock);
      if (generation !== this.generation) return;
      const ids = page.customers.map(({ id }) => id);
      const before = this.places.get(block);
      isSame = this.isLoaded && this.error === null && this.total === page.total && before?.length === ids.length && ids.every((id, i) => id === before[i]);
      this.error = null;
      this.isLoaded = true;
      this.total = page.total;
      this.places.set(block, ids);
      for (const customer of page.customers) this.keep(customer);
      this.forgetFarBlocks();
    } catch (error) {
      if (generation !== this.generation) return;
      this.error = error;
    } finally {
      if (this.loading.get(block) === generation) this.loading.delete(block);
    }
    if (!isSame) this.listChanged();
  }

  private forgetFarBlocks() {
    const middle = (this.wanted[0] + this.wanted[1]) / 2;
    const far = [...this.places.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const block of far.slice(0, Math.max(0, far.length - kBlocksMax))) this.places.delete(block);
    const kept = new Set([...this.places.values()].flat());
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
  }

  private listChanged() {
    const { total, isLoaded, error } = this;
    const before = this.stateNow;
    if (total !== before.total || isLoaded !== before.isLoaded || error !== before.error) this.stateNow = { total, isLoaded, error };
    this.changes.emit("");
  }
  private rowChanged(id: string) {
    this.changes.emit(id);
    for (const call of this.watchers) call(id);
  }

  // --- Single rows ---

  // A newer state of a record; an older one than is here is passed over. False: the record is not in the blocks here.
  put(customer: Customer): boolean {
    this.keep(customer);
    return this.indexOf(customer.id) >= 0;
  }

  private keep(customer: Customer) {
    const before = this.rows.get(customer.id);
    let changedBy = before?.changedBy;
    if (before) {
      if (customer.version < before.server.version) return;
      const isSame = customer.version === before.server.version && JSON.stringify(customer) === JSON.stringify(before.server);
      if (isSame) return;
      if (customer.version > before.server.version && customer.updatedBy && customer.updatedBy !== this.reader) changedBy = customer.updatedBy;
    }
    this.show(customer, changedBy);
  }
  private show(server: Customer, changedBy: string | undefined) {
    const unsaved = this.overlay(server);
    const customer = unsaved ? { ...server, ...unsaved.change } : server;
    this.rows.set(server.id, { customer, server, changedBy, waiting: unsaved?.waiting });
    this.rowChanged(server.id);
  }

  // What is unsaved of the record is something else now.
  reshow(id: string) {
    const row = this.rows.get(id);
    if (row) this.show(row.server, row.changedBy);
  }

  seen(id: string) {
    const row = this.rows.get(id);
    if (!row?.changedBy) return;
    this.rows.set(id, { ...row, changedBy: undefined });
    this.rowChanged(id);
  }
}

export const rows = new Rows();

export function useRow(id: string): Row | undefined {
  const subscribe = useCallback((call: () => void) => rows.onRow(id, call), [id]);
  return useSyncExternalStore(subscribe, () => rows.row(id));
}
export const useList = () => useSyncExternalStore(rows.onList, rows.state);
