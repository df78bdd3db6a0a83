// The rows that are in sight first, drawn before React is there: where the grid stood, and with the columns that it had,
// when it was last drawn in a window of this width. React's grid then takes these very rows over.
import { labelOf } from "../lib/fields";
import { onForget } from "../lib/person";
import { type Column, kTickWidth, syncWidth } from "./columns";
import { kRowHeight, RowView, setWidth, widthOf } from "./RowView";
import type { Page } from "./rows";

const key = "rowlane.frame";
const kHeaderHeight = 48; // of the page, above its content

interface Frame {
  windowWidth: number;
  top: number; // px from the window's top
  isDue: boolean; // the view with totals above the list
  isNarrow: boolean;
  columns: Column[];
}

let rows: { views: RowView[]; columns: string; isNarrow: boolean } | null = null;
let isTaken = false; // React draws the page from here on

const isDue = () => new URLSearchParams(location.search).has("due");

export function keepFrame(top: number, columns: Column[], isNarrow: boolean) {
  const frame: Frame = { windowWidth: innerWidth, top, isDue: isDue(), isNarrow, columns };
  try {
    localStorage.setItem(key, JSON.stringify(frame));
  } catch {
    // storage may be switched off: the rows come with React then
  }
}
onForget(() => localStorage.removeItem(key));

// The frame to draw in, if the one that was kept fits.
export function keptFrame(): Frame | null {
  try {
    const frame = JSON.parse(localStorage.getItem(key) ?? "null") as Frame | null;
    return frame?.windowWidth === innerWidth && frame.isDue === isDue() ? frame : null;
  } catch {
    return null;
  }
}

function box(className: string, role?: string): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  if (role) element.setAttribute("role", role);
  return element;
}

export function drawFirstRows({ customers, total }: Page, { top, columns, isNarrow }: Frame) {
  const root = document.getElementById("root");
  if (!root || isTaken || total === 0) return;
  const width = widthOf(columns, isNarrow);
  const count = Math.min(customers.length, Math.ceil((innerHeight - top) / kRowHeight));
  const views = customers.slice(0, count).map((customer, index) => {
    const view = new RowView(columns, isNarrow);
    view.place(index);
    view.bind(customer.id, { customer }, false);
    return view;
  });
  rows = { views, columns: JSON.stringify(columns), isNarrow };

  const header = box("border-b border-line bg-panel");
  header.style.height = `${kHeaderHeight}px`;
  const above = box("border-b border-line bg-page");
  above.style.height = `${top - kHeaderHeight}px`;
  const grid = box("grid-scroller", "grid");
  grid.setAttribute("aria-label", "Customers");
  grid.setAttribute("aria-rowcount", String(total + 1));
  grid.tabIndex = -1;
  const body = box("relative", "rowgroup");
  body.style.height = `${total * kRowHeight}px`;
  setWidth(body, width);
  body.append(...views.map(({ element }) => element));
  grid.append(head(columns, isNarrow, width), body);
  const page = box("flex h-dvh flex-col");
  page.append(header, above, grid);
  root.replaceChildren(page);
}

function head(columns: Column[], isNarrow: boolean, width: number): HTMLElement {
  const group = box("sticky top-0 z-20", "rowgroup");
  setWidth(group, width);
  const row = box("grid-head", "row");
  row.setAttribute("aria-rowindex", "1");
  const add = (name: string, px: number, className = "") => {
    const cell = box("flex items-center", "columnheader");
    setWidth(cell, px);
    const text = document.createElement("span");
    text.className = `w-full truncate px-2 font-medium ${className}`;
    text.textContent = name;
    cell.append(text);
    row.append(cell);
  };
  add("", kTickWidth);
  add(isNarrow ? "" : "Sheet", syncWidth(isNarrow));
  for (const { field, width: px } of columns) add(labelOf(field.name), px, field.type === "money" ? "text-right" : "");
  group.append(row);
  return group;
}

export const hasFirstRows = () => rows !== null;
// React draws the page now.
export function endFirstRows() {
  isTaken = true;
}
// The rows, for the grid that goes on with them.
export function takeFirstRows(columns: Column[], isNarrow: boolean): RowView[] {
  const views = rows && rows.isNarrow === isNarrow && rows.columns === JSON.stringify(columns) ? rows.views : [];
  rows = null;
  return views;
}
