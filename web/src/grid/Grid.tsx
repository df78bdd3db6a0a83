// The customers grid: a virtual list over windowed blocks. Only the rows in sight exist; each is subscribed to its own
// record. The keyboard focus stays on the grid itself, which names the active cell, so that scrolling and reloading
// rows never lose it.
import { useVirtualizer, defaultRangeExtractor } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Customer } from "../api/client";
import { labelOf, valueOf, verticalName } from "../lib/fields";
import { editable, parse, show } from "../lib/format";
import { sortable } from "../lib/view";
import { type Column, kTickWidth, syncWidth, useIsNarrow } from "./columns";
import { CellEditor, type Step } from "./CellEditor";
import { currentEditing, type Editing, setEditing, useEditedId, useEditing } from "./editing";
import { saveCell } from "./edits";
import { rows, useList, useRow } from "./rows";
import { SyncBadge } from "./SyncBadge";
import { ticks, useTickCount, useTicked } from "./ticks";

const kRowHeight = 34;
const kAhead = 120; // rows asked for before they come into sight, so that fast scrolling meets rows and not gaps
const kChangedShownMs = 8_000;

// Where the grid stood when its page was left: coming back finds it there.
let place = { list: "", top: 0 };

export interface GridProps {
  listKey: string;
  columns: Column[];
  sort: string;
  onSort: (sort: string) => void;
  onOpen: (id: string) => void;
  tickAll: () => void;
}

interface Active {
  row: number;
  column: number;  // 0: the tick, 1: the sync state, from 2 on: fields
}

export function Grid({ listKey, columns, sort, onSort, onOpen, tickAll }: GridProps) {
  const list = useList();
  const isNarrow = useIsNarrow();
  const editedId = useEditedId();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Active>({ row: 0, column: 2 });
  const activeNow = useRef(active);  // for callbacks that must stay the same, so that rows do not render for nothing
  activeNow.current = active;
  const editedRow = editedId ? list.indexOf(editedId) : -1;

  const virtual = useVirtualizer({
    count: list.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => kRowHeight,
    overscan: 6,
    scrollPaddingStart: kRowHeight,
    initialOffset: place.list === listKey ? place.top : 0,
    // The row that is typed into exists wherever the list is scrolled to: its text and caret stay.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return editedRow >= 0 && editedRow < list.total && !shown.includes(editedRow) ? [...shown, editedRow].sort((a, b) => a - b) : shown;
    },
  });
  const items = virtual.getVirtualItems();
  const range = virtual.range;
  useEffect(() => {
    if (range) rows.want(range.startIndex - kAhead, range.endIndex + kAhead);
  }, [range?.startIndex, range?.endIndex, list.total]);
  useEffect(() => {
    const element = scroller.current;
    const keep = () => {
      place = { list: listKey, top: virtual.scrollOffset ?? 0 }; // asking the element would lay the page out once more
    };
    element?.addEventListener("scroll", keep, { passive: true });
    return () => element?.removeEventListener("scroll", keep);
  }, [listKey]);
  useAnchor(scroller, () => virtual.scrollOffset ?? 0);

  const move = useCallback(
    (row: number, column: number) => {
      const next = { row: Math.max(0, Math.min(rows.total - 1, row)), column: Math.max(0, Math.min(columns.length + 1, column)) };
      setActive(next);
      virtual.scrollToIndex(next.row, { align: "auto" });
      requestAnimationFrame(() => scroller.current?.querySelector(`#${cellId(next.row, next.column)}`)?.scrollIntoView({ block: "nearest", inline: "nearest" }));
    },
    [columns.length, virtual],
  );
  const startEditing = useCallback(
    (row: number, column: number, text?: string) => {
      const id = rows.idAt(row);
      const customer = id && rows.row(id)?.customer;
      const at = columns[column - 2];
      if (!customer || !at?.isEditable) return;
      const value = valueOf(customer, at.field);
      setActive({ row, column });
      setEditing({ id: customer.id, field: at.field.name, text: text ?? editable(at.field.type, value), version: customer.version, value, error: "" });
    },
    [columns],
  );
  // Saves the cell and, unless the focus has gone elsewhere, takes it back; false when what was typed is not understood.
  const finish = useCallback(
    (step: Step): boolean => {
      const editing = currentEditing();
      if (!editing) return true;
      const column = columns.find(({ field }) => field.name === editing.field);
      const customer = rows.row(editing.id)?.customer;
      if (column && customer) {
        const parsed = parse(column.field.type, editing.text);
        const error = !parsed.ok ? parsed.reason : column.field.required && parsed.value === null ? `${labelOf(column.field.name)} cannot be blank.` : "";
        if (error) {
          setEditing({ ...editing, error });
          return false;
        }
        const isDifferent = parsed.ok && editing.text !== editable(column.field.type, editing.value);
        setEditing(null);
        // The record as it was when typing began, so that an edit over somebody else's is refused.
        const before = { ...customer, ...fieldsAt(customer, column, editing.value), version: editing.version } as Customer;
        if (isDifferent && parsed.ok) void saveCell({ customer: before, field: column.field, value: parsed.value });
      } else {
        setEditing(null);
      }
      if (step === "left") return true;
      scroller.current?.focus({ preventScroll: true });
      move(activeNow.current.row + step.row, activeNow.current.column + step.column);
      return true;
    },
    [columns, move],
  );
  const cancel = useCallback(() => {
    setEditing(null);
    scroller.current?.focus({ preventScroll: true });
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current.clientHeight - kRowHeight) / kRowHeight) - 1);
    const id = rows.idAt(active.row);
    const isCommand = event.ctrlKey || event.metaKey;
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(active.row + 1, active.column),
      ArrowUp: () => move(active.row - 1, active.column),
      ArrowRight: () => move(active.row, active.column + 1),
      ArrowLeft: () => move(active.row, active.column - 1),
      PageDown: () => move(active.row + page, active.column),
      PageUp: () => move(active.row - page, active.column),
      Home: () => (isCommand ? move(0, active.column) : move(active.row, 0)),
      End: () => (isCommand ? move(list.total - 1, active.column) : move(active.row, columns.length + 1)),
      F2: () => startEditing(active.row, active.column),
      Enter: () => (active.column < 2 ? id && onOpen(id) : event.shiftKey ? id && onOpen(id) : startEditing(active.row, active.column)),
      " ": () => id && ticks.set([id], !ticks.has(id)),
      Delete: () => startEditing(active.row, active.column, ""),
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      step();
    } else if (event.key.length === 1 && !isCommand && event.key !== "?" && event.key !== "/") {
      event.preventDefault();
      startEditing(active.row, active.column, event.key);
    }
  };

  countGridRender();
  const width = kTickWidth + syncWidth(isNarrow) + columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label="Customers"
      aria-rowcount={list.total + 1}
      aria-multiselectable
      aria-activedescendant={items.some(({ index }) => index === active.row) && rows.idAt(active.row) ? cellId(active.row, active.column) : undefined}
      tabIndex={0}
      data-testid="grid"
      onKeyDown={onKeyDown}
      className="group/grid relative min-h-0 flex-1 overflow-auto bg-panel [scrollbar-gutter:stable]"
    >
      <Header columns={columns} sort={sort} onSort={onSort} width={width} isNarrow={isNarrow} total={list.total} tickAll={tickAll} />
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), width, position: "relative" }}>
        {items.map(({ index, start }) => (
          <PlacedRow
            key={rows.idAt(index) ?? index}
            id={rows.idAt(index)}
            index={index}
            top={start}
            columns={columns}
            isNarrow={isNarrow}
            activeColumn={index === active.row ? active.column : -1}
            onActivate={setActive}
            onEdit={startEditing}
            onOpen={onOpen}
            finish={finish}
            cancel={cancel}
          />
        ))}
      </div>
    </div>
  );
}

const cellId = (row: number, column: number) => `cell-${row}-${column}`;
const fieldsAt = (customer: Customer, { field }: Column, value: unknown) =>
  field.extra ? { extra: { ...(customer.extra as Record<string, unknown>), [field.name]: value } } : { [field.name]: value };

// A reload that moves the rows keeps the first one in sight where it was.
function useAnchor(scroller: React.RefObject<HTMLDivElement | null>, offset: () => number) {
  const list = useList();
  const version = list.listVersion();
  const anchor = useRef<{ id: string; index: number } | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = anchor.current;
    if (!element || !before || element.scrollTop === 0) return;
    const index = list.indexOf(before.id);
    if (index >= 0 && index !== before.index) element.scrollTop += (index - before.index) * kRowHeight;
  }, [version]);
  useEffect(() => {
    const element = scroller.current;
    const note = () => {
      const index = Math.ceil(offset() / kRowHeight);
      const id = rows.idAt(index);
      anchor.current = id ? { id, index } : null;
    };
    note();
    element?.addEventListener("scroll", note, { passive: true });
    return () => element?.removeEventListener("scroll", note);
  }, [version]);
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

function Header({ columns, sort, onSort, width, isNarrow, total, tickAll }: Pick<GridProps, "columns" | "sort" | "onSort" | "tickAll"> & { width: number; isNarrow: boolean; total: number }) {
  const key = sort.replace(/^-/, "");
  return (
    <div role="rowgroup" className="sticky top-0 z-20" style={{ width }}>
      <div role="row" aria-rowindex={1} className="flex border-b border-line bg-page text-[0.93rem] text-muted" style={{ height: kRowHeight }}>
        <div role="columnheader" className="grid place-items-center" style={{ width: kTickWidth }}><TickAll total={total} tickAll={tickAll} /></div>
        <div role="columnheader" className="flex items-center px-2 font-medium" style={{ width: syncWidth(isNarrow) }}><span className={isNarrow ? "sr-only" : ""}>Sheet</span></div>
        {columns.map((column) => {
          const { field, width: w } = column;
          const isSorted = key === field.name;
          const isDown = isSorted && sort.startsWith("-");
          return (
            <div key={field.name} role="columnheader" aria-sort={isSorted ? (isDown ? "descending" : "ascending") : undefined} style={{ width: w }} className={`flex items-center ${stickyAt(column, isNarrow)}`}>
              {sortable.has(field.name) ? (
                <button type="button" tabIndex={-1} onClick={() => onSort(isSorted && !isDown ? `-${field.name}` : field.name)} className={`flex h-full w-full items-center gap-1 px-2 font-medium hover:text-text ${field.type === "money" ? "justify-end" : ""}`}>
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

interface PlacedRowProps {
  id: string | undefined;
  index: number;
  top: number;
  columns: Column[];
  isNarrow: boolean;
  activeColumn: number;
  onActivate: (at: Active) => void;
  onEdit: (row: number, column: number) => void;
  onOpen: (id: string) => void;
  finish: (step: Step) => boolean;
  cancel: () => void;
}

const PlacedRow = memo(function PlacedRow(props: PlacedRowProps) {
  const { id, index, top } = props;
  const style = { position: "absolute", top: 0, left: 0, right: 0, height: kRowHeight, transform: `translateY(${top}px)` } as const;
  if (id) return <RecordRow {...props} id={id} style={style} />;
  return (
    <div role="row" aria-rowindex={index + 2} style={style} className="flex items-center border-b border-line px-3">
      <div role="gridcell" className="h-3 w-1/2 animate-pulse rounded bg-hover"><span className="sr-only">Loading</span></div>
    </div>
  );
});

function RecordRow({ id, index, style, columns, isNarrow, activeColumn, onActivate, onEdit, onOpen, finish, cancel }: PlacedRowProps & { id: string; style: React.CSSProperties }) {
  const row = useRow(id);
  const isTicked = useTicked(id);
  const editing = useEditing(id);
  const changedBy = row?.changedBy;
  countRender(id);
  useEffect(() => {
    if (!changedBy) return;
    const timer = setTimeout(() => rows.seen(id), kChangedShownMs);
    return () => clearTimeout(timer);
  }, [changedBy, id, row?.customer.version]);
  if (!row) return null;
  const { customer } = row;
  // The active cell alone has an id, for the grid to name it by: attributes cost time when rows scroll in.
  const idOf = (column: number) => (column === activeColumn ? cellId(index, column) : undefined);
  const activeRing = (column: number) => (column === activeColumn ? "group-focus/grid:outline-2 group-focus/grid:-outline-offset-2 group-focus/grid:outline-accent" : "");
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isTicked}
      data-record={id}
      style={style}
      className={`flex border-b border-line [contain:size_layout_style] ${editing ? "z-10" : ""} ${isTicked ? "bg-selected" : changedBy ? "bg-info-soft" : isNarrow ? "bg-panel" : "hover:bg-hover"}`}
    >
      <div role="gridcell" id={idOf(0)} style={{ width: kTickWidth }} className={`grid place-items-center ${activeRing(0)}`}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Tick ${customer.name ?? "record"}`}
          checked={isTicked}
          onChange={(event) => {
            onActivate({ row: index, column: 0 });
            ticks.set([id], event.target.checked);
          }}
          className="size-4 accent-accent"
        />
      </div>
      <div role="gridcell" id={idOf(1)} style={{ width: syncWidth(isNarrow) }} className={`flex items-center px-2 ${activeRing(1)}`}>
        <SyncBadge sync={customer.sync} isDot={isNarrow} />
        {changedBy && <span className="sr-only">Changed by {changedBy}</span>}
      </div>
      {columns.map((column, i) => (
        <Cell key={column.field.name} customer={customer} column={column} editing={editing?.field === column.field.name ? editing : null} isNarrow={isNarrow} changedBy={i === 0 ? changedBy : undefined} id={idOf(i + 2)} row={index} at={i + 2} ring={activeRing(i + 2)} onActivate={onActivate} onEdit={onEdit} onOpen={onOpen} finish={finish} cancel={cancel} />
      ))}
    </div>
  );
}

interface CellProps extends Pick<PlacedRowProps, "onActivate" | "onEdit" | "onOpen" | "finish" | "cancel"> {
  id: string | undefined;
  customer: Customer;
  column: Column;
  editing: Editing | null;
  isNarrow: boolean;
  changedBy: string | undefined;
  row: number;
  at: number;
  ring: string;
}

function Cell({ id, customer, column, editing, isNarrow, changedBy, row, at, ring, onActivate, onEdit, onOpen, finish, cancel }: CellProps) {
  const { field, width } = column;
  const value = valueOf(customer, field);
  const text = field.name === "vertical" ? verticalName(String(value ?? "")) : show(field.type, value);
  const isMoney = field.type === "money";
  return (
    <div
      role="gridcell"
      id={id}
      aria-readonly={column.isEditable ? undefined : true}
      data-field={field.name}
      style={{ width }}
      title={text.length > 20 ? text : undefined}
      className={`${stickyAt(column, isNarrow)} px-2 ${editing ? "" : "truncate"} leading-[33px] ${isMoney ? "text-right tabular-nums" : field.type === "date" ? "tabular-nums" : ""} ${ring}`}
      onClick={() => onActivate({ row, column: at })}
      onDoubleClick={() => onEdit(row, at)}
    >
      {editing ? (
        <CellEditor editing={editing} field={field} current={value} changedBy={customer.version > editing.version ? customer.updatedBy : null} finish={finish} cancel={cancel} />
      ) : field.name === "name" ? (
        <button type="button" tabIndex={-1} className="max-w-full truncate text-left align-top font-medium hover:underline" onClick={() => onOpen(customer.id)}>{text}</button>
      ) : (
        text
      )}
      {changedBy && !editing && <span className="absolute inset-y-0 right-0 bg-info-soft px-1 text-[0.79rem] text-info" title={`Changed by ${changedBy}`}>changed</span>}
    </div>
  );
}

// How often each row, and the grid around them, was rendered, for whoever measures.
function countGridRender() {
  const measured = window as { gridRenders?: number };
  if (measured.gridRenders !== undefined) measured.gridRenders++;
}
function countRender(id: string) {
  const counts = (window as { rowRenders?: Map<string, number> }).rowRenders;
  counts?.set(id, (counts.get(id) ?? 0) + 1);
}
