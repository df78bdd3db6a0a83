// One field, set in all ticked records.
import { useRef, useState } from "react";
import { type Field, reasonOf } from "../api/client";
import { labelOf, verticalName } from "../lib/fields";
import { parse, showCount } from "../lib/format";
import { Modal, ModalBody, ModalFoot } from "../ui/Modal";
import { bulkSet, Progress } from "./edits";
import { ticks } from "./ticks";

export default function BulkDialog({ fields, onClose }: { fields: Field[]; onClose: () => void }) {
  const [name, setName] = useState("status");
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const [done, setDone] = useState<number | null>(null); // records so far, while it runs
  const running = useRef<Progress | null>(null);
  const isBusy = done !== null;
  const field = fields.find((one) => one.name === name) ?? fields[0]!;
  const [ids] = useState(() => ticks.list());
  const save = async () => {
    const parsed = parse(field.type, text);
    if (!parsed.ok) return setError(parsed.reason);
    if (field.required && parsed.value === null) return setError(`${labelOf(field.name)} cannot be blank.`);
    const progress = new Progress(setDone);
    running.current = progress;
    try {
      await bulkSet(ids, field, parsed.value, progress);
      onClose();
    } catch (problem) {
      setError(reasonOf(problem));
    }
    running.current = null;
    setDone(null);
  };
  // While it runs, a cancel stops it: what is done by then is told, with its undo.
  const cancel = () => (running.current ? running.current.stop() : onClose());
  return (
    <Modal open onClose={cancel} title={ids.length === 1 ? "Set a field in one record" : `Set a field in ${showCount(ids.length)} records`} description="An empty value clears the field. The change can be undone.">
      <form onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <ModalBody>
          <div className="grid gap-3">
            <label className="grid gap-1">Field
              <select className="field" value={name} onChange={(event) => { setName(event.target.value); setText(""); setError(""); }}>
                {fields.filter((one) => one.name !== "name").map((one) => <option key={one.name} value={one.name}>{labelOf(one.name)}</option>)}
              </select>
            </label>
            <label className="grid gap-1" htmlFor="bulk-value">New value
              {field.choices ? (
                <select id="bulk-value" className="field" value={text} onChange={(event) => setText(event.target.value)}>
                  <option value="">Choose…</option>
                  {field.choices.map((choice) => <option key={choice} value={choice}>{verticalName(choice)}</option>)}
                </select>
              ) : field.type === "boolean" ? (
                <select id="bulk-value" className="field" value={text} onChange={(event) => setText(event.target.value)}>
                  {["", "Yes", "No"].map((choice) => <option key={choice} value={choice}>{choice || "Blank"}</option>)}
                </select>
              ) : (
                <input id="bulk-value" className="field" value={text} onChange={(event) => setText(event.target.value)} aria-invalid={error !== ""} aria-describedby={error ? "bulk-error" : undefined} />
              )}
            </label>
            {done !== null && (
              <div className="grid gap-1" role="status">
                <progress className="w-full accent-accent" value={done} max={ids.length} aria-label="Records done" />
                <span className="text-muted tabular-nums">{showCount(done)} of {showCount(ids.length)}</span>
              </div>
            )}
            {error && <p id="bulk-error" className="text-bad" role="alert">{error}</p>}
          </div>
        </ModalBody>
        <ModalFoot>
          <button type="button" className="btn" onClick={cancel}>Cancel</button>
          <button type="submit" className="btn btn-primary" disabled={isBusy}>Set in {showCount(ids.length)}</button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
