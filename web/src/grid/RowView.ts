// One row of the grid as DOM nodes, without React: rows are bound to other records while the list is scrolled, at the
// rate of frames, and the page's first rows stand before React is there.
//
// A row that scrolls out of sight is not thrown away but bound to the next record that comes into sight: then only what
// differs is written.
import type { Customer } from "../api/client";
import { fieldValue, verticalName } from "../lib/fields";
import { show } from "../lib/format";
import { badgeClass, type Tone } from "../ui/tones";
import { type Column, kTickWidth, syncWidth } from "./columns";
import { syncLook } from "./syncStates";

export const kRowHeight = 34;
export const kFieldsFrom = 2; // cell 0 is the tick, 1 the sync state, fields follow

export const cellId = (row: number, column: number) => `cell-${row}-${column}`;
export const widthOf = (columns: Column[], isNarrow: boolean) => kTickWidth + syncWidth(isNarrow) + columns.reduce((sum, { width }) => sum + width, 0);
export const setWidth = (element: HTMLElement, px: number) => {
  element.style.width = `${px}px`;
};

export interface Shown {
  customer: Customer;
  changedBy?: string;
  waiting?: readonly string[]; // fields that are not saved yet
}

const dots: Record<Tone, string> = { good: "bg-good", warn: "bg-warn", bad: "bg-bad", info: "bg-info", plain: "border border-line-strong" };

function made<K extends keyof HTMLElementTagNameMap>(name: K, className: string, role?: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.className = className;
  if (role) element.setAttribute("role", role);
  return element;
}
// Writing what is there already would cost as much as a change.
function setText(node: Text, text: string) {
  if (node.data !== text) node.data = text;
}
function setTitle(element: HTMLElement, title: string) {
  if (element.title !== title) element.title = title;
}

export class RowView {
  readonly element = made("div", "grid-row", "row");
  index = -1;
  id: string | undefined;
  private shown: Shown | null = null;
  private isTicked = false;
  private activeColumn = -1;
  private readonly tick = made("input", "size-4 accent-accent");
  private readonly state = made("span", "grid-state"); // a click opens the record, which tells the reason in words
  private readonly badge = made("span", "");
  private readonly badgeText = document.createTextNode("");
  private readonly cells: HTMLElement[] = []; // all of them
  private readonly texts: Text[] = []; // by field
  private edited: { column: number; host: HTMLElement; content: ChildNode[] } | null = null;
  private marker: { told: HTMLElement; seen: HTMLElement } | null = null;

  constructor(
    private readonly columns: Column[],
    private readonly isNarrow: boolean,
  ) {
    this.element.setAttribute("aria-selected", "false");
    if (isNarrow) this.element.classList.add("is-narrow");
    this.tick.type = "checkbox";
    this.tick.tabIndex = -1;
    this.addCell("grid-cell-tick", kTickWidth).append(this.tick);
    const badgeText = made("span", isNarrow ? "sr-only" : "");
    badgeText.append(this.badgeText);
    this.badge.append(badgeText);
    this.state.append(this.badge);
    this.addCell("grid-cell-sync", syncWidth(isNarrow)).append(this.state);
    for (const { field, width, isEditable } of columns) {
      const cell = this.addCell("grid-cell", width);
      cell.dataset.field = field.name;
      if (!isEditable) cell.setAttribute("aria-readonly", "true");
      if (field.type === "money") cell.classList.add("text-right", "tabular-nums");
      if (field.type === "date") cell.classList.add("tabular-nums");
      const text = document.createTextNode("");
      this.texts.push(text);
      if (field.name === "name") {
        // On a phone the name stays in sight while the other columns scroll sideways.
        if (isNarrow) cell.classList.add("is-sticky");
        const button = made("button", "grid-name");
        button.type = "button";
        button.tabIndex = -1;
        button.append(text);
        cell.append(button);
      } else {
        cell.append(text);
      }
    }
  }

  private addCell(className: string, width: number): HTMLElement {
    const cell = made("div", className, "gridcell");
    setWidth(cell, width);
    this.cells.push(cell);
    this.element.append(cell);
    return cell;
  }

  cell(column: number): HTMLElement | undefined {
    return this.cells[column];
  }
  columnOf(cell: Element): number {
    return this.cells.indexOf(cell as HTMLElement);
  }

  // Puts the row at a place of the list.
  place(index: number) {
    if (this.index === index) return;
    this.index = index;
    this.element.style.transform = `translateY(${index * kRowHeight}px)`;
    this.element.setAttribute("aria-rowindex", String(index + 2));
    this.nameActive();
  }

  // Shows a record; without one, that it is being loaded. False when nothing differed.
  bind(id: string | undefined, shown: Shown | null, isTicked: boolean): boolean {
    const before = this.shown;
    if (this.id === id && this.isTicked === isTicked && before?.customer === shown?.customer && before?.changedBy === shown?.changedBy && before?.waiting === shown?.waiting && (before === null) === (shown === null)) return false;
    if (!shown || !before) {
      this.element.toggleAttribute("data-loading", !shown);
      if (shown) this.element.removeAttribute("aria-busy");
      else this.element.setAttribute("aria-busy", "true");
    }
    if (this.id !== id || !shown || !before) {
      if (id && shown) this.element.dataset.record = id;
      else delete this.element.dataset.record;
    }
    this.id = id;
    this.shown = shown;
    if (shown) this.showCustomer(shown.customer, before?.customer);
    this.mark(shown?.changedBy);
    if (before?.waiting !== shown?.waiting) this.markWaiting(shown?.waiting);
    if (this.isTicked !== isTicked) this.element.setAttribute("aria-selected", String(isTicked));
    if (this.tick.checked !== isTicked) this.tick.checked = isTicked;
    this.isTicked = isTicked;
    return true;
  }

  private showCustomer(customer: Customer, before: Customer | undefined) {
    if (customer === before) return;
    if (customer.name !== before?.name) this.tick.setAttribute("aria-label", `Tick ${customer.name ?? "record"}`);
    const { tone, name, title } = syncLook(customer.sync);
    const look = this.isNarrow ? `size-2.5 rounded-full ${dots[tone]}` : badgeClass(tone);
    if (this.badge.className !== look) this.badge.className = look;
    setText(this.badgeText, name);
    setTitle(this.state, title);
    for (let i = 0; i < this.columns.length; i++) {
      const { field } = this.columns[i]!;
      const value = fieldValue(customer, field);
      const text = field.name === "vertical" ? verticalName(String(value ?? "")) : show(field.type, value);
      setText(this.texts[i]!, text);
      setTitle(this.cells[i + kFieldsFrom]!, text.length > 20 ? text : "");
    }
  }

  // The server has not answered for these: it is down, or nobody is signed in.
  private markWaiting(fields: readonly string[] | undefined) {
    for (let i = 0; i < this.columns.length; i++) {
      const cell = this.cells[i + kFieldsFrom]!;
      const isWaiting = fields?.includes(this.columns[i]!.field.name) ?? false;
      if (cell.classList.contains("is-waiting") === isWaiting) continue;
      cell.classList.toggle("is-waiting", isWaiting);
      if (isWaiting) cell.setAttribute("aria-description", "Waiting to be saved");
      else cell.removeAttribute("aria-description");
      setTitle(cell, isWaiting ? "Waiting to be saved" : "");
    }
  }

  // Says for a while that somebody else has changed the record.
  private mark(changedBy: string | undefined) {
    if (this.marker) {
      this.marker.told.remove();
      this.marker.seen.remove();
      this.marker = null;
      this.element.classList.remove("is-changed");
    }
    if (!changedBy) return;
    const told = made("span", "sr-only");
    told.textContent = `Changed by ${changedBy}`;
    const seen = made("span", "grid-changed");
    seen.textContent = "changed";
    seen.title = told.textContent;
    this.marker = { told, seen };
    this.element.classList.add("is-changed");
    this.cells[1]!.append(told);
    if (this.edited?.column !== kFieldsFrom) this.cells[kFieldsFrom]?.append(seen);
  }

  // Makes a cell the active one; -1: none of this row.
  setActive(column: number) {
    if (this.activeColumn === column) return;
    const before = this.cells[this.activeColumn];
    before?.classList.remove("is-active");
    before?.removeAttribute("id");
    this.activeColumn = column;
    this.cells[column]?.classList.add("is-active");
    this.nameActive();
  }
  // The active cell alone has an id, for the grid to name it by.
  private nameActive() {
    const cell = this.cells[this.activeColumn];
    if (cell) cell.id = cellId(this.index, this.activeColumn);
  }

  // An element in place of a cell's content, for the input; it is there until `closeHost`.
  openHost(column: number): HTMLElement {
    this.closeHost();
    const cell = this.cells[column]!;
    const host = made("span", "contents");
    this.edited = { column, host, content: [...cell.childNodes].filter((node) => node !== this.marker?.seen) };
    cell.replaceChildren(host);
    cell.classList.add("is-edited");
    this.element.classList.add("is-edited");
    return host;
  }
  closeHost() {
    if (!this.edited) return;
    const { column, content } = this.edited;
    this.edited = null;
    const cell = this.cells[column]!;
    cell.replaceChildren(...content);
    cell.classList.remove("is-edited");
    this.element.classList.remove("is-edited");
    if (this.marker && column === kFieldsFrom) cell.append(this.marker.seen);
  }
  get isEdited() {
    return this.edited !== null;
  }
}
