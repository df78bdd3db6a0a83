// The rows of the grid that are in sight. It follows the scroller, the list, single records, ticks and the cell that is
// typed into, and writes what differs into `RowView`s; React draws the frame around it and the input.
import { Emitter } from "../lib/emitter";
import { onForget } from "../lib/person";
import type { Column } from "./columns";
import { currentEditing, onEditing } from "./editing";
import { keepFrame, takeFirstRows } from "./firstRows";
import { cellId, kFieldsFrom, kRowHeight, RowView } from "./RowView";
import { rows } from "./rows";
import { ticks } from "./ticks";

const kOverscan = 6; // rows above and below those in sight
const kAhead = 120; // rows asked for before they come into sight, so that fast scrolling meets rows and not gaps
const kChangedShownMs = 8_000;
const kRestMs = 200; // no scrolling for so long: it has come to rest

// Where the grid stood when its page was left: coming back finds it there.
let left = { list: "", top: 0 };
onForget(() => {
  left = { list: "", top: 0 };
});

export interface Place {
  row: number;
  column: number; // 0: the tick, 1: the sync state, from `kFieldsFrom` on: fields
}
export interface BodyCalls {
  open: (id: string) => void;
  edit: (at: Place) => void;
}

export class GridBody {
  active: Place = { row: 0, column: kFieldsFrom };
  listKey = "";
  calls: BodyCalls = { open: () => {}, edit: () => {} };
  private columns: Column[] = [];
  private isNarrow = false;
  private scroller: HTMLElement | null = null;
  private rowgroup: HTMLElement | null = null;
  private top = 0; // as the last scroll event said: asking the element would lay the page out once more
  private height = 0;
  private first = 0;
  private last = -1;
  private anchor: { id: string; index: number } | null = null;
  private readonly shown = new Map<number, RowView>();
  private readonly byId = new Map<string, RowView>();
  private readonly views = new WeakMap<Element, RowView>();
  private readonly changedTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private spare: RowView[] = [];
  private rest: ReturnType<typeof setTimeout> | undefined;
  private stops: (() => void)[] = [];

  // Where the input stands: in the cell that is typed into, while its row exists.
  private editedView: RowView | null = null;
  private editedField = "";
  private editedHost: HTMLElement | null = null;
  private readonly changes = new Emitter<"">();
  host = () => this.editedHost;
  onHost = (call: () => void) => this.changes.on("", call);
  // The input goes with its row, which is no reason to save it.
  isLosingHost = false;

  attach(scroller: HTMLElement, rowgroup: HTMLElement) {
    this.scroller = scroller;
    this.rowgroup = rowgroup;
    for (const view of takeFirstRows(this.columns, this.isNarrow)) this.adopt(view);
    this.setSize();
    this.height = scroller.clientHeight;
    if (left.list === this.listKey && left.top > 0) scroller.scrollTop = left.top;
    this.top = scroller.scrollTop;
    this.update();
    this.noteAnchor();

    let width = 0;
    const size = new ResizeObserver(([entry]) => {
      const { contentRect } = entry!;
      // Not with the bar of ticked records, which the page never opens with.
      if (width !== contentRect.width && ticks.count() === 0) keepFrame(scroller.getBoundingClientRect().top, this.columns, this.isNarrow);
      width = contentRect.width;
      if (this.height === contentRect.height) return;
      this.height = contentRect.height;
      this.update();
    });
    size.observe(scroller);
    const listen = (target: EventTarget, name: string, call: (event: Event) => void, options?: AddEventListenerOptions) => {
      target.addEventListener(name, call, options);
      return () => target.removeEventListener(name, call);
    };
    this.stops = [
      () => size.disconnect(),
      listen(scroller, "scroll", () => this.scrolled(), { passive: true }),
            listen(rowgroup, "click", (event) => this.clicked(event)),
      listen(rowgroup, "dblclick", (event) => this.clickedTwice(event)),
      listen(rowgroup, "change", (event) => this.tickChanged(event)),
      rows.onList(() => this.listChanged()),
      rows.onAnyRow((id) => this.rowChanged(id)),
      ticks.onAny(() => this.bindAll()),
      onEditing(() => this.placeHost()),
    ];
  }

  detach() {
    for (const stop of this.stops) stop();
    clearTimeout(this.rest);
    for (const timer of this.changedTimers.values()) clearTimeout(timer);
    this.changedTimers.clear();
    this.clear();
    this.scroller = this.rowgroup = null;
  }

  setColumns(columns: Column[], isNarrow: boolean) {
    if (this.columns === columns && this.isNarrow === isNarrow) return;
    this.columns = columns;
    this.isNarrow = isNarrow;
    if (!this.rowgroup) return;
    this.clear();
    this.update();
  }

  private clear() {
    this.loseHost();
    for (const view of this.shown.values()) view.element.remove();
    this.shown.clear();
    this.byId.clear();
    this.spare = [];
    this.last = -1;
  }

  // --- Which rows there are ---

  private scrolled() {
    this.top = this.scroller!.scrollTop;
    left = { list: this.listKey, top: this.top };
    this.noteAnchor();
    const first = this.firstInSight(), last = this.lastInSight();
    if (first === this.first && last === this.last) return;
    this.update();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.putInOrder(), kRestMs);
  }
  private firstInSight() {
    return Math.max(0, Math.floor(this.top / kRowHeight) - kOverscan);
  }
  private lastInSight() {
    return Math.min(rows.total, Math.ceil((this.top + this.height) / kRowHeight) + kOverscan) - 1;
  }

  private update() {
    countGridRender();
    this.first = this.firstInSight();
    this.last = this.lastInSight();
    const edited = this.editedIndex();
    this.followEdited(edited);
    const focused = this.focusedView(), focusedId = focused?.id;
    const free: RowView[] = [];
    for (const [index, view] of this.shown) {
      if ((index >= this.first && index <= this.last) || index === edited) continue;
      this.shown.delete(index);
      free.push(view);
    }
    for (let index = this.first; index <= this.last; index++) this.show(index, free);
    // The row that is typed into exists wherever the list is scrolled to: its text and caret stay.
    if (edited >= 0 && edited < rows.total) this.show(edited, free);
    for (const view of free) this.putAway(view);
    // A tick or a name that had the focus is another record's now, or gone.
    if (focused && (focused.id !== focusedId || !focused.element.isConnected)) this.scroller!.focus({ preventScroll: true });
    this.placeHost();
    this.nameActive();
    rows.want(this.first - kAhead, this.last + kAhead);
  }

  private focusedView(): RowView | undefined {
    const focused = document.activeElement;
    return focused && this.rowgroup!.contains(focused) && !this.isInInput(focused) ? this.at(focused)?.view : undefined;
  }

  private show(index: number, free: RowView[]) {
    let view = this.shown.get(index);
    if (!view) {
      view = free.pop() ?? this.spare.pop() ?? new RowView(this.columns, this.isNarrow);
      this.views.set(view.element, view);
      view.place(index);
      view.setActive(index === this.active.row ? this.active.column : -1);
      this.shown.set(index, view);
      if (!view.element.isConnected) this.rowgroup!.append(view.element);
    }
    this.bind(view);
  }
  private adopt(view: RowView) {
    this.views.set(view.element, view);
    this.shown.set(view.index, view);
    if (view.id) this.byId.set(view.id, view);
    view.setActive(view.index === this.active.row ? this.active.column : -1);
    this.rowgroup!.append(view.element);
  }
  private putAway(view: RowView) {
    if (view === this.editedView) this.loseHost();
    this.unbind(view);
    view.element.remove();
    this.spare.push(view);
  }

  private bind(view: RowView) {
    const id = rows.idAt(view.index);
    const row = id ? rows.row(id) : undefined;
    if (view.id !== id) {
      if (view === this.editedView) this.loseHost();
      this.unbind(view);
      if (id) this.byId.set(id, view);
    }
    if (view.bind(id, row ?? null, id !== undefined && ticks.has(id)) && id && row) countRender(id);
    if (id && row?.changedBy && !this.changedTimers.has(id)) this.changedTimers.set(id, setTimeout(() => this.changeSeen(id), kChangedShownMs));
  }
  private unbind(view: RowView) {
    if (!view.id || this.byId.get(view.id) !== view) return;
    this.byId.delete(view.id);
    clearTimeout(this.changedTimers.get(view.id));
    this.changedTimers.delete(view.id);
  }
  private changeSeen(id: string) {
    this.changedTimers.delete(id);
    rows.seen(id);
  }
  private bindAll() {
    for (const view of this.shown.values()) this.bind(view);
  }

  private rowChanged(id: string) {
    const view = this.byId.get(id);
    if (!view) return;
    // Changed once more: it is told for the whole time again.
    clearTimeout(this.changedTimers.get(id));
    this.changedTimers.delete(id);
    this.bind(view);
  }

  private listChanged() {
    this.setSize();
    this.keepAnchor();
    this.update();
    this.noteAnchor();
  }
  private setSize() {
    this.rowgroup!.style.height = `${rows.total * kRowHeight}px`;
  }
  // A reload that moves the rows keeps the first one in sight where it was.
  private keepAnchor() {
    if (!this.anchor || this.top === 0) return;
    const index = rows.indexOf(this.anchor.id);
    if (index < 0 || index === this.anchor.index) return;
    this.scroller!.scrollTop = this.top + (index - this.anchor.index) * kRowHeight;
    this.top = this.scroller!.scrollTop;
  }
  private noteAnchor() {
    const index = Math.ceil(this.top / kRowHeight);
    const id = rows.idAt(index);
    this.anchor = id ? { id, index } : null;
  }

  // Who reads the page from top to bottom finds the rows in their order, once scrolling is at rest. The focus would get
  // lost with a row that is moved.
  private putInOrder() {
    if (!this.rowgroup || this.editedView || this.rowgroup.contains(document.activeElement)) return;
    let next = this.rowgroup.firstChild;
    for (const index of [...this.shown.keys()].sort((a, b) => a - b)) {
      const { element } = this.shown.get(index)!;
      if (element === next) next = next.nextSibling;
      else this.rowgroup.insertBefore(element, next);
    }
  }

  // --- The active cell ---

  setActive(at: Place) {
    this.shown.get(this.active.row)?.setActive(-1);
    this.active = at;
    this.shown.get(at.row)?.setActive(at.column);
    this.nameActive();
  }
  private nameActive() {
    const view = this.shown.get(this.active.row);
    if (view?.id) this.scroller!.setAttribute("aria-activedescendant", cellId(this.active.row, this.active.column));
    else this.scroller!.removeAttribute("aria-activedescendant");
  }

  // Makes a cell the active one and scrolls as little as brings it into sight.
  moveTo(row: number, column: number) {
    const at = { row: Math.max(0, Math.min(rows.total - 1, row)), column: Math.max(0, Math.min(this.columns.length + kFieldsFrom - 1, column)) };
    this.setActive(at);
    const top = at.row * kRowHeight, inSight = this.height - kRowHeight; // the header lies over the first row's height
    if (top < this.top) this.scrollTo(top);
    else if (top + kRowHeight > this.top + inSight) this.scrollTo(top + kRowHeight - inSight);
    this.shown.get(at.row)?.cell(at.column)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  private scrollTo(top: number) {
    this.scroller!.scrollTop = top;
    this.scrolled();
  }
  get pageLength() {
    return Math.max(1, Math.floor((this.height - kRowHeight) / kRowHeight) - 1);
  }

  // --- The pointer ---

  private at(target: EventTarget | null): { view: RowView; column: number } | null {
    const cell = (target as Element).closest("[role=gridcell]");
    const view = cell?.parentElement ? this.views.get(cell.parentElement) : undefined;
    return view && cell ? { view, column: view.columnOf(cell) } : null;
  }
  private isInInput(target: EventTarget | null) {
    return this.editedHost?.contains(target as Node) ?? false;
  }
  private clicked({ target }: Event) {
    const at = this.at(target);
    if (!at || this.isInInput(target)) return;
    this.setActive({ row: at.view.index, column: at.column });
    if (at.view.id && (target as Element).closest("button, .grid-state")) this.calls.open(at.view.id);
  }
  private clickedTwice({ target }: Event) {
    const at = this.at(target);
    if (at && at.column >= kFieldsFrom && !this.isInInput(target)) this.calls.edit({ row: at.view.index, column: at.column });
  }
  private tickChanged({ target }: Event) {
    const at = this.at(target);
    if (at?.column === 0 && at.view.id) ticks.set([at.view.id], (target as HTMLInputElement).checked);
  }

  // --- The cell that is typed into ---

  private editedIndex() {
    const editing = currentEditing();
    return editing ? rows.indexOf(editing.id) : -1;
  }
  // The record that is typed into stands somewhere else now: its row, with the input in it, goes there.
  private followEdited(index: number) {
    const view = this.editedView;
    if (!view || index < 0 || view.index === index) return;
    const other = this.shown.get(index);
    this.shown.delete(view.index);
    if (other) {
      other.place(view.index);
      other.setActive(other.index === this.active.row ? this.active.column : -1);
      this.shown.set(other.index, other);
    }
    view.place(index);
    view.setActive(index === this.active.row ? this.active.column : -1);
    this.shown.set(index, view);
  }
  private placeHost() {
    const editing = currentEditing();
    const view = editing ? this.byId.get(editing.id) : undefined;
    if (view === (this.editedView ?? undefined) && (!editing || editing.field === this.editedField)) return;
    this.loseHost();
    const column = editing ? this.columns.findIndex(({ field }) => field.name === editing.field) : -1;
    if (!view || !editing || column < 0) return;
    this.editedView = view;
    this.editedField = editing.field;
    this.editedHost = view.openHost(column + kFieldsFrom);
    this.changes.emit("");
  }
  private loseHost() {
    if (!this.editedView) return;
    this.isLosingHost = true;
    this.editedView.closeHost();
    this.isLosingHost = false;
    this.editedView = this.editedHost = null;
    this.changes.emit("");
  }
}

// How often each row, and the rows as a whole, were drawn, for whoever measures.
function countGridRender() {
  const measured = window as { gridRenders?: number };
  if (measured.gridRenders !== undefined) measured.gridRenders++;
}
function countRender(id: string) {
  const counts = (window as { rowRenders?: Map<string, number> }).rowRenders;
  counts?.set(id, (counts.get(id) ?? 0) + 1);
}
