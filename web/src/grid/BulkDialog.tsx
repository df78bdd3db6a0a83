// One field, set in all ticked records.
import { useState } from "react";
import { type Field, reasonOf } from "../api/client";
import { labelOf, verticalName } from "../lib/fields";
import { parse, showCount } from "../lib/format";
import { Modal, ModalBody, ModalFoot } from "../ui/Modal";
import { bulkSet } from "./edits";
import { ticks } from "./ticks";

export default function BulkDialog({ fields, onClose }: { fields: Field[]; onClose: () => void }) {
  const [name, setName] = useState("status");
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const field = fields.find((one) => one.name === name) ?? fields[0]!;
  const ids = ticks.list();
  const save = async () => {
    const parsed = parse(field.type, text);
    if (!parsed.ok) return setError(parsed.reason);
    if (field.required && parsed.value === null) return setError(`${labelOf(field.name)} cannot be blank.`);
    setBusy(true);
    try {
      await bulkSet(ids, field, parsed.value);
      onClose();
    } catch (problem) {
      setError(reasonOf(problem));
      setBusy(false);
    }
  };
  return (
    <Modal open onClose={onClose} title={ids.length === 1 ? "Set a field in one record" : `Set a field in ${showCount(ids.length)} records`} description="An empty value clears the field. The change can be undone.">
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
              ) : (
                <input id="bulk-value" className="field" value={text} onChange={(event) => setText(event.target.value)} aria-invalid={error !== ""} aria-describedby={error ? "bulk-error" : undefined} />
              )}
            </label>
            {error && <p id="bulk-error" className="text-bad" role="alert">{error}</p>}
          </div>
        </ModalBody>
        <ModalFoot>
          <button type="button" className="btn" onClick={onClose}>Cancel</button>
          <button type="submit" className="btn btn-primary" disabled={isBusy}>Set in {showCount(ids.length)}</button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
