// The input of the cell that is typed into. Enter and Tab save, Escape leaves everything as it was.
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Field } from "../api/client";
import { labelOf, verticalName } from "../lib/fields";
import { type Value, show } from "../lib/format";
import { type Editing, setEditing } from "./editing";

// Where the active cell goes after saving; "left": the focus has gone elsewhere already.
export type Step = { row: number; column: number } | "left";

interface Props {
  editing: Editing;
  field: Field;
  current: Value;
  changedBy: string | null;  // the record was changed while this is open
  finish: (step: Step) => boolean;
  cancel: () => void;
}

export function CellEditor({ editing, field, current, changedBy, finish, cancel }: Props) {
  const input = useRef<HTMLInputElement & HTMLSelectElement>(null);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
    const end = input.current?.value.length ?? 0;
    if (input.current?.setSelectionRange) input.current.setSelectionRange(end, end);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter") finish({ row: event.shiftKey ? -1 : 1, column: 0 });
    else if (event.key === "Tab") finish({ row: 0, column: event.shiftKey ? -1 : 1 });
    else return;
    event.preventDefault();
  };
  const hasMoved = changedBy !== null && (current ?? null) !== (editing.value ?? null);
  const note = editing.error || (hasMoved ? `Changed to ${show(field.type, current) || "blank"} by ${changedBy} while you type` : "");
  const shared = {
    ref: input,
    "aria-label": labelOf(field.name),
    "aria-invalid": editing.error !== "",
    "aria-describedby": note ? "cell-note" : undefined,
    value: editing.text,
    onKeyDown,
    // A window that loses the focus keeps its focused element: only a move inside the page saves.
    onBlur: () => document.activeElement !== input.current && finish("left"),
    className: "absolute inset-0 z-20 w-full rounded-sm bg-raised px-2 outline-2 -outline-offset-1 outline-accent aria-invalid:outline-bad",
  };
  return (
    <>
      {field.type === "choice" ? (
        <select {...shared} onChange={(event) => setEditing({ ...editing, text: event.target.value, error: "" })}>
          {(field.choices ?? []).map((choice) => <option key={choice} value={choice}>{verticalName(choice)}</option>)}
        </select>
      ) : (
        <input {...shared} type="text" autoComplete="off" spellCheck={false} onChange={(event) => setEditing({ ...editing, text: event.target.value, error: "" })} />
      )}
      {note && <div id="cell-note" role="alert" className={`absolute top-full left-0 z-30 mt-1 w-max max-w-72 rounded border text-left leading-snug whitespace-normal px-2 py-1 shadow-md ${editing.error ? "border-bad bg-bad-soft text-bad" : "border-info bg-info-soft text-info"}`}>{note}</div>}
    </>
  );
}
