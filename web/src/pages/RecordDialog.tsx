// One record, whole: its fields to look at and change, and its history. Also the form of a new one.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { ApiError, type Customer, type Field, api, json, reasonOf, unwrap } from "../api/client";
import { deleteRecords, saveRecord } from "../grid/edits";
import { rows } from "../grid/rows";
import { SyncBadge } from "../grid/SyncBadge";
import { labelOf, fieldValue, verticalName } from "../lib/fields";
import { editable, parse, showMoment } from "../lib/format";
import { useConfig } from "../lib/session";
import { Modal, ModalBody, ModalFoot } from "../ui/Modal";
import { Failed, Loading } from "../ui/parts";
import { HistoryTable } from "./HistoryTable";

export default function RecordDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const isNew = id === "new";
  const record = useQuery({
    queryKey: ["customer", id],
    enabled: !isNew,
    gcTime: 0,
    queryFn: () => unwrap(api.GET("/api/insurance/customers/{id}", { params: { path: { id } } })),
  });
  const title = isNew ? "Add a customer" : (record.data?.name ?? "Customer");
  // Escape, or a click beside the dialog, is easily a slip: what was typed goes with the second one.
  const isTyped = useRef(false);
  const [isWarned, setWarned] = useState(false);
  const close = () => (isTyped.current && !isWarned ? setWarned(true) : onClose());
  const onTyped = () => {
    isTyped.current = true;
  };
  const warning = isWarned ? "What you typed is not saved. Close once more to throw it away." : "";
  return (
    <Modal open onClose={close} title={title} wide>
      {isNew && <Form onClose={onClose} onTyped={onTyped} warning={warning} />}
      {record.isPending && !isNew && <Loading what="the record" />}
      {record.error && <ModalBody><Failed error={record.error} /></ModalBody>}
      {record.data && <Form record={record.data} onClose={onClose} onTyped={onTyped} warning={warning} />}
    </Modal>
  );
}

type Texts = Record<string, string>;

function Form({ record, onClose, onTyped, warning }: { record?: Customer; onClose: () => void; onTyped: () => void; warning: string }) {
  const { fields } = useConfig();
  const textsOf = (of?: Customer): Texts => Object.fromEntries(fields.map((field) => [field.name, of ? editable(field.type, fieldValue(of, field)) : field.name === "vertical" ? (field.choices?.[0] ?? "") : ""]));
  const [base, setBase] = useState(record);
  const [texts, setTexts] = useState<Texts>(() => textsOf(record));
  const [problems, setProblems] = useState<Texts>({});
  const [isSaving, setSaving] = useState(false);

  const save = async () => {
    const before = textsOf(base);
    const { change, wrong } = readChange(fields, texts, base ? before : null);
    setProblems(wrong);
    if (Object.keys(wrong).length > 0) return focusFirst(wrong);
    if (base && Object.keys(change).length === 0) return onClose();
    setSaving(true);
    try {
      if (base) {
        await saveRecord(base, change);
        toast.success("Saved", { description: "The sheet follows with your next sync." });
      } else {
        await unwrap(api.POST("/api/insurance/customers", { ...json, body: change as never }));
        toast.success("Customer added", { description: "The sheet follows with your next sync." });
      }
      await rows.refresh();
      onClose();
    } catch (error) {
      await refused(error);
    }
    setSaving(false);
  };
  // Somebody else was first: what they wrote stands in the fields that were not touched here, and what was typed stays.
  const refused = async (error: unknown) => {
    if (!(error instanceof ApiError)) return setProblems({ "": reasonOf(error) });
    if (error.status === 412 && base) {
      const current = await unwrap(api.GET("/api/insurance/customers/{id}", { params: { path: { id: base.id } } }));
      const [was, now] = [textsOf(base), textsOf(current)];
      setTexts((typed) => Object.fromEntries(fields.map(({ name }) => [name, typed[name] === was[name] ? now[name]! : typed[name]!])));
      setBase(current);
      return setProblems({ "": `${current.updatedBy ?? "Somebody"} changed this record meanwhile. Their changes are shown, what you typed is kept. Save again to go on.` });
    }
    const byField = Object.fromEntries(error.errors.map(({ field, reason }) => [field ?? "", reason]));
    setProblems(error.errors.length > 0 ? byField : { "": error.message });
  };
  const remove = async () => {
    if (!base) return;
    try {
      await deleteRecords([base.id]);
      onClose();
    } catch (error) {
      setProblems({ "": reasonOf(error) });
    }
  };
  return (
    <form className="flex min-h-0 flex-1 flex-col" onSubmit={(event) => { event.preventDefault(); void save(); }} noValidate>
      <ModalBody>
        {warning && <div className="mb-3 rounded-md bg-warn-soft p-3 text-warn" role="alert">{warning}</div>}
        {problems[""] && <div className="mb-3 rounded-md bg-warn-soft p-3 text-warn" role="alert">{problems[""]}</div>}
        {base && (
          <p className="mb-3 flex flex-wrap items-center gap-2 text-muted">
            <SyncBadge sync={base.sync} />
            {base.owner && <span>Owner {base.owner}.</span>}
            <span>Changed {showMoment(base.updatedAt)}{base.updatedBy ? ` by ${base.updatedBy}` : ""}.</span>
          </p>
        )}
        <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          {fields.map((field) => (
            <FieldInput key={field.name} field={field} text={texts[field.name] ?? ""} problem={problems[field.name]} onText={(text) => { onTyped(); setTexts({ ...texts, [field.name]: text }); }} />
          ))}
        </div>
        {base && <History id={base.id} />}
      </ModalBody>
      <ModalFoot>
        {base && <button type="button" className="btn mr-auto text-bad" onClick={() => void remove()}>Delete</button>}
        <button type="button" className="btn" onClick={onClose}>Cancel</button>
        <button type="submit" className="btn btn-primary" disabled={isSaving}>{base ? "Save" : "Add"}</button>
      </ModalFoot>
    </form>
  );
}

function readChange(fields: Field[], texts: Texts, before: Texts | null) {
  const change: Record<string, unknown> = {}, extra: Record<string, unknown> = {}, wrong: Texts = {};
  for (const field of fields) {
    const text = texts[field.name] ?? "";
    if (before ? text === before[field.name] : text === "" && !field.required) continue;
    const parsed = parse(field.type, text);
    if (!parsed.ok) wrong[field.name] = parsed.reason;
    else if (field.required && parsed.value === null) wrong[field.name] = `${labelOf(field.name)} cannot be blank.`;
    else (field.extra ? extra : change)[field.name] = parsed.value;
  }
  if (Object.keys(extra).length > 0) change.extra = extra;
  return { change, wrong };
}

const focusFirst = (wrong: Texts) => document.getElementById(`field-${Object.keys(wrong)[0]}`)?.focus();

function FieldInput({ field, text, problem, onText }: { field: Field; text: string; problem: string | undefined; onText: (text: string) => void }) {
  const id = `field-${field.name}`;
  const shared = { id, className: "field", value: text, "aria-invalid": problem !== undefined, "aria-describedby": problem ? `${id}-problem` : undefined, required: field.required };
  const isWide = field.name === "notes";
  return (
    <div className={`grid content-start gap-1 ${isWide ? "sm:col-span-2" : ""}`}>
      <label htmlFor={id} className="text-muted">{labelOf(field.name)}{field.required && <span aria-hidden> *</span>}</label>
      {field.choices || field.type === "boolean" ? (
        <select {...shared} onChange={(event) => onText(event.target.value)}>
          {field.type === "boolean" && ["", "Yes", "No"].map((choice) => <option key={choice} value={choice}>{choice}</option>)}
          {field.choices?.map((choice) => <option key={choice} value={choice}>{verticalName(choice)}</option>)}
        </select>
      ) : isWide ? (
        <textarea {...shared} className="field h-20 py-1.5" onChange={(event) => onText(event.target.value)} />
      ) : (
        <input {...shared} inputMode={field.type === "money" ? "decimal" : undefined} autoComplete="off" onChange={(event) => onText(event.target.value)} />
      )}
      {problem && <p id={`${id}-problem`} className="text-bad">{problem}</p>}
    </div>
  );
}

function History({ id }: { id: string }) {
  const history = useInfiniteQuery({
    queryKey: ["history", "record", id],
    initialPageParam: "",
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/insurance/history", { params: { query: { record: id, limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.nextCursor,
  });
  const entries = history.data?.pages.flatMap((page) => page.history);
  return (
    <section className="mt-6" aria-label="History">
      <h2 className="mb-2">History</h2>
      {history.isPending && <Loading what="the history" />}
      {history.error && <Failed error={history.error} />}
      {entries && <div className="panel relative min-w-0 overflow-x-auto" tabIndex={0} role="group" aria-label="Changes of this record"><HistoryTable entries={entries} /></div>}
      {history.hasNextPage && <button type="button" className="btn mt-2" onClick={() => void history.fetchNextPage()}>Older changes</button>}
    </section>
  );
}
