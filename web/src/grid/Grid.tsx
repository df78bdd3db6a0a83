// The customers grid: a virtual list over windowed blocks. Only the rows in sight exist (`GridBody`). The keyboard focus
// stays on the grid itself, which names the active cell, so that scrolling and reloading rows never lose it.
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, useCallback, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import { fieldValue, labelOf, verticalName } from "../lib/fields";
import { editable, parse } from "../lib/format";
import { sortable } from "../lib/view";
import { CellEditor, type Step } from "./CellEditor";
import { type Column, kTickWidth, syncWidth } from "./columns";
import { currentEditing, setEditing, useEditing } from "./editing";
import { saveCell } from "./edits";
import { GridBody, type Place } from "./GridBody";
import { kFieldsFrom, widthOf } from "./RowView";
import { rows, useList, useRow } from "./rows";
import { ticks, useTickCount } from "./ticks";
import { useIsNarrow } from "./useColumns";

export interface GridProps {
  listKey: string;
  columns: Column[];
  sort: string;
  onSort: (sort: string) => void;
  onOpen: (id: string) => void;
  tickAll: () => void;
}

export function Grid({ listKey, columns, sort, onSort, onOpen, tickAll }: GridProps) {
  const { total } = useList();
  const isNarrow = useIsNarrow();
  const scroller = useRef<HTMLDivElement>(null);
  const rowgroup = useRef<HTMLDivElement>(null);
  const [body] = useState(() => new GridBody());

  const startEditing = useCallback(
    ({ row, column }: Place, text?: string) => {
      const id = rows.idAt(row);
      const customer = id && rows.row(id)?.customer;
      const at = columns[column - kFieldsFrom];
      if (!customer || !at?.isEditable) return;
      if (currentEditing()?.error) return focusEditor(scroller.current); // what was typed is not lost unseen
      const value = fieldValue(customer, at.field);
      const present = editable(at.field.type, value);
      body.setActive({ row, column });
      setEditing({ id: customer.id, field: at.field.name, text: firstText(at.field, present, text), customer, of: at.field, value, error: "" });
    },
    [body, columns],
  );
  useLayoutEffect(() => {
    body.listKey = listKey;
    body.calls = { open: onOpen, edit: startEditing };
  }, [body, listKey, onOpen, startEditing]);
  useLayoutEffect(() => body.setColumns(columns, isNarrow), [body, columns, isNarrow]);
  useLayoutEffect(() => {
    body.attach(scroller.current!, rowgroup.current!);
    return () => body.detach();
  }, [body]);

  // Saves the cell and, unless the focus has gone elsewhere, takes it back; false when what was typed is not understood.
  const finish = (step: Step): boolean => {
    const editing = currentEditing();
    if (!editing || body.isLosingHost) return true;
    const { of: field, customer, text } = editing;
    const parsed = parse(field.type, text);
    const error = !parsed.ok ? parsed.reason : field.required && parsed.value === null ? `${labelOf(field.name)} cannot be blank.` : "";
    if (error) {
      setEditing({ ...editing, error });
      return false;
    }
    const isDifferent = text !== editable(field.type, editing.value);
    setEditing(null);
    if (isDifferent && parsed.ok) void saveCell({ customer, field, value: parsed.value });
    if (step === "left") return true;
    scroller.current?.focus({ preventScroll: true });
    body.moveTo(body.active.row + step.row, body.active.column + step.column);
    return true;
  };
  const cancel = () => {
    setEditing(null);
    scroller.current?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || event.altKey) return;
    const { active, pageLength } = body;
    const { row, column } = active;
    const id = rows.idAt(row);
    const isCommand = event.ctrlKey || event.metaKey;
    const steps: Record<string, () => void> = {
      ArrowDown: () => body.moveTo(row + 1, column),
      ArrowUp: () => body.moveTo(row - 1, column),
      ArrowRight: () => body.moveTo(row, column + 1),
      ArrowLeft: () => body.moveTo(row, column - 1),
      PageDown: () => body.moveTo(row + pageLength, column),
      PageUp: () => body.moveTo(row - pageLength, column),
      Home: () => (isCommand ? body.moveTo(0, column) : body.moveTo(row, 0)),
      End: () => (isCommand ? body.moveTo(total - 1, column) : body.moveTo(row, columns.length + kFieldsFrom - 1)),
      F2: () => startEditing(active),
      Enter: () => (column < kFieldsFrom || event.shiftKey ? id && onOpen(id) : startEditing(active)),
      " ": () => id && ticks.set([id], !ticks.has(id)),
      Delete: () => startEditing(active, ""),
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      step();
    } else if (event.key.length === 1 && !isCommand && event.key !== "?" && event.key !== "/") {
      event.preventDefault();
      startEditing(active, event.key);
    }
  };

  const width = widthOf(columns, isNarrow);
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Customers"
      aria-rowcount={total + 1}
      aria-multiselectable
      tabIndex={0}
      data-testid="grid"
      onKeyDown={onKeyDown}
      className="grid-scroller"
    >
      <Header columns={columns} sort={sort} onSort={onSort} width={width} isNarrow={isNarrow} total={total} tickAll={tickAll} />
      <div ref={rowgroup} role="rowgroup" className="relative" style={{ width }} />
      <Editor body={body} columns={columns} finish={finish} cancel={cancel} />
    </div>
  );
}

// What an editor opens with: the present value, or what was typed to open it. Of a choice, the one that the letter
// begins; none is blank.
function firstText({ type, choices }: Column["field"], present: string, typed: string | undefined): string {
  if (typed === undefined) return present;
  if (type !== "choice") return typed;
  const begun = typed && choices?.find((choice) => verticalName(choice).toLowerCase().startsWith(typed.toLowerCase()));
  return begun || present;
}
const focusEditor = (grid: HTMLElement | null) => grid?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();

// The input, in the cell that is typed into.
function Editor({ body, columns, finish, cancel }: { body: GridBody; columns: Column[]; finish: (step: Step) => boolean; cancel: () => void }) {
  const host = useSyncExternalStore(body.onHost, body.host);
  const editing = useEditing();
  const customer = useRow(editing?.id ?? "")?.customer;
  const field = columns.find((column) => column.field.name === editing?.field)?.field;
  if (!host || !editing || !customer || !field) return null;
  const changedBy = customer.version > editing.customer.version ? customer.updatedBy : null;
  return createPortal(<CellEditor key={`${editing.id} ${editing.field}`} editing={editing} field={field} current={fieldValue(customer, field)} changedBy={changedBy} finish={finish} cancel={cancel} />, host);
}

// On a phone the name stays in sight while the other columns scroll sideways.
const stickyAt = (column: Column, isNarrow: boolean) => (isNarrow && column.field.name === "name" ? "sticky left-0 z-10 bg-inherit" : "relative");

function TickAll({ total, tickAll }: { total: number; tickAll: () => void }) {
  const count = useTickCount();
  const isAll = count > 0 && count >= total;
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      aria-label={`Tick all ${total} records of the list`}
      checked={isAll}
      ref={(box) => {
        if (box) box.indeterminate = count > 0 && !isAll;
      }}
      onChange={() => (isAll ? ticks.clear() : tickAll())}
      className="size-4 accent-accent"
    />
  );
}

// A list that is sorted anew is loaded anew, and its head with it: the column that the keyboard chose has the focus again.
let sortedByKey: string | null = null;
function focusIfSorted(button: HTMLButtonElement | null, field: string) {
  if (!button || sortedByKey !== field || document.activeElement === button) return;
  if (document.activeElement === document.body) button.focus({ preventScroll: true });
  sortedByKey = null;
}

function Header({ columns, sort, onSort, width, isNarrow, total, tickAll }: Pick<GridProps, "columns" | "sort" | "onSort" | "tickAll"> & { width: number; isNarrow: boolean; total: number }) {
  const key = sort.replace(/^-/, "");
  const sortBy = (field: string, isDown: boolean, isByKey: boolean) => {
    sortedByKey = isByKey ? field : null;
    onSort(isDown ? `-${field}` : field);
  };
  return (
    <div role="rowgroup" className="sticky top-0 z-20" style={{ width }}>
      <div role="row" aria-rowindex={1} className="grid-head">
        <div role="columnheader" className="grid place-items-center" style={{ width: kTickWidth }}><TickAll total={total} tickAll={tickAll} /></div>
        <div role="columnheader" className="flex items-center px-2 font-medium" style={{ width: syncWidth(isNarrow) }}><span className={isNarrow ? "sr-only" : ""}>Sheet</span></div>
        {columns.map((column) => {
          const { field, width: w } = column;
          const isSorted = key === field.name;
          const isDown = isSorted && sort.startsWith("-");
          return (
            <div key={field.name} role="columnheader" aria-sort={isSorted ? (isDown ? "descending" : "ascending") : undefined} style={{ width: w }} className={`flex items-center ${stickyAt(column, isNarrow)}`}>
              {sortable.has(field.name) ? (
                <button type="button" ref={(button) => focusIfSorted(button, field.name)} onClick={({ detail }) => sortBy(field.name, isSorted && !isDown, detail === 0)} className={`flex h-full w-full items-center gap-1 px-2 font-medium hover:text-text focus-visible:-outline-offset-2 ${field.type === "money" ? "justify-end" : ""}`}>
                  {labelOf(field.name)} {isSorted && (isDown ? <ArrowDown className="size-3.5" aria-hidden /> : <ArrowUp className="size-3.5" aria-hidden />)}
                </button>
              ) : (
                <span className={`w-full truncate px-2 font-medium ${field.type === "money" ? "text-right" : ""}`}>{labelOf(field.name)}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
