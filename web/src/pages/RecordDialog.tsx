// One record, whole: its fields to look at and change, and its history. Also the form of a new one, and a deleted one
// with its way back.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { ApiError, type Customer, type Field, api, json, reasonOf, unwrap } from "../api/client";
import { deleteRecords, saveRecord } from "../grid/edits";
import { rows } from "../grid/rows";
import { SyncBadge } from "../grid/SyncBadge";
import { syncLook } from "../grid/syncStates";
import { useTwins } from "../grid/twins";
import { keepDraft, readDraft } from "../lib/drafts";
import { labelOf, fieldValue, verticalName } from "../lib/fields";
import { editable, parse, show, showMoment } from "../lib/format";
import { useConfig } from "../lib/session";
import { Modal, ModalBody, ModalFoot } from "../ui/Modal";
import { Failed, Loading } from "../ui/parts";
import { HistoryTable } from "./HistoryTable";
import { restoreRecord } from "./restore";

export default function RecordDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const isNew = id === "new";
  const record = useQuery({
    queryKey: ["customer", id],
    enabled: !isNew,
    gcTime: 0,
    queryFn: () => unwrap(api.GET("/api/insurance/customers/{id}", { params: { path: { id }, query: { deleted: "1" } } })),
  });
  const title = isNew ? "Add a customer" : (record.data?.name ?? "Customer");
  // Escape, or a click beside the dialog, is easily a slip: what was typed goes with the second one.
  const isTyped = useRef(readDraft(id) !== null);
  const [isWarned, setWarned] = useState(false);
  const leave = () => {
    keepDraft(id, null);
    onClose();
  };
  const close = () => (isTyped.current && !isWarned ? setWarned(true) : leave());
  const onTyped = () => {
    isTyped.current = true;
  };
  const warning = isWarned ? "What you typed is not saved. Close once more to throw it away." : "";
  return (
    <Modal open onClose={close} title={title} wide>
      {isNew && <Form onClose={leave} onTyped={onTyped} warning={warning} />}
      {record.isPending && !isNew && <Loading what="the record" />}
      {record.error && (
        <>
          <ModalBody><Failed error={record.error} /></ModalBody>
          <ModalFoot><button type="button" className="btn" onClick={onClose}>Close</button></ModalFoot>
        </>
      )}
      {record.data && (record.data.deletedAt ? <Deleted record={record.data} onClose={onClose} /> : <Form record={record.data} onClose={leave} onTyped={onTyped} warning={warning} />)}
    </Modal>
  );
}

// A record that was deleted, as it was, with its way back.
function Deleted({ record, onClose }: { record: Customer; onClose: () => void }) {
  const { fields } = useConfig();
  const [isBusy, setBusy] = useState(false);
  const filled = fields.filter((field) => (fieldValue(record, field) ?? "") !== "");
  const restore = async () => {
    setBusy(true);
    if (await restoreRecord(record)) onClose();
    setBusy(false);
  };
  return (
    <>
      <ModalBody>
        <p className="mb-4 rounded-md bg-warn-soft p-3 text-warn" role="status">
          Deleted {showMoment(record.deletedAt!)}{record.updatedBy ? ` by ${record.updatedBy}` : ""}. It can be brought back for 90 days.
        </p>
        <dl className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          {filled.map((field) => (
            <div key={field.name}>
              <dt className="text-muted">{labelOf(field.name)}</dt>
              <dd className="[overflow-wrap:anywhere]">{field.name === "vertical" ? verticalName(String(record.vertical)) : show(field.type, fieldValue(record, field))}</dd>
            </div>
          ))}
        </dl>
        <History id={record.id} />
      </ModalBody>
      <ModalFoot>
        <button type="button" className="btn" onClick={onClose}>Close</button>
        <button type="button" className="btn btn-primary" disabled={isBusy} onClick={() => void restore()}>Restore</button>
      </ModalFoot>
    </>
  );
}

type Texts = Record<string, string>;
// What was typed, and the record as it was then.
interface Draft {
  texts: Texts;
  base: Customer | undefined;
}

function Form({ record, onClose, onTyped, warning }: { record?: Customer; onClose: () => void; onTyped: () => void; warning: string }) {
  const { fields } = useConfig();
  const form = record?.id ?? "new";
  const textsOf = (of?: Customer): Texts => Object.fromEntries(fields.map((field) => [field.name, of ? editable(field.type, fieldValue(of, field)) : field.name === "vertical" ? (field.choices?.[0] ?? "") : ""]));
  const [draft] = useState(() => readDraft<Draft>(form));
  const [base, setBase] = useState(draft?.base ?? record);
  const [texts, setTexts] = useState<Texts>(() => ({ ...textsOf(base), ...draft?.texts }));
  const [problems, setProblems] = useState<Texts>({});
  const [isSaving, setSaving] = useState(false);
  const type = (name: string, text: string) => {
    const next = { ...texts, [name]: text };
    onTyped();
    setTexts(next);
    keepDraft(form, { texts: next, base } satisfies Draft);
  };
  // The first field in question comes into sight with what is said of it.
  useEffect(() => {
    const name = fields.find((field) => problems[field.name])?.name;
    if (!name) return;
    document.getElementById(`field-${name}`)?.focus({ preventScroll: true });
    document.getElementById(`field-${name}-problem`)?.parentElement?.scrollIntoView({ block: "nearest" });
  }, [problems, fields]);

  const save = async () => {
    const before = textsOf(base);
    const { change, wrong } = readChange(fields, texts, base ? before : null);
    setProblems(wrong);
    if (Object.keys(wrong).length > 0) return;
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
      const merged = Object.fromEntries(fields.map(({ name }) => [name, texts[name] === was[name] ? now[name]! : texts[name]!]));
      setTexts(merged);
      setBase(current);
      keepDraft(form, { texts: merged, base: current } satisfies Draft);
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
  const twins = useTwins(texts.current_policy_no ?? "", base?.id);
  return (
    <form className="flex min-h-0 flex-1 flex-col" onSubmit={(event) => { event.preventDefault(); void save(); }} noValidate>
      <ModalBody>
        {warning && <div className="mb-3 rounded-md bg-warn-soft p-3 text-warn" role="alert">{warning}</div>}
        {draft && <p className="mb-3 rounded-md bg-info-soft p-3 text-info" role="status">What you had typed here is back. It is not saved yet.</p>}
        {problems[""] && <div className="mb-3 rounded-md bg-warn-soft p-3 text-warn" role="alert">{problems[""]}</div>}
        {base && <About record={base} />}
        <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          {fields.map((field) => (
            <FieldInput key={field.name} field={field} text={texts[field.name] ?? ""} problem={problems[field.name]} onText={(text) => type(field.name, text)}>
              {field.name === "current_policy_no" && twins.length > 0 && <Twins twins={twins} />}
            </FieldInput>
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

// Where the record stands towards the sheet, in words: a badge's tip is for the mouse alone.
function About({ record }: { record: Customer }) {
  const { sync, owner, updatedAt, updatedBy } = record;
  return (
    <div className="mb-3 grid gap-1 text-muted">
      <p className="flex flex-wrap items-center gap-2"><SyncBadge sync={sync} /><span>{syncLook(sync).title}</span></p>
      <p>{owner && `Owner ${owner}. `}Changed {showMoment(updatedAt)}{updatedBy ? ` by ${updatedBy}` : ""}.</p>
    </div>
  );
}

// Records with the same policy number: the next sync could not tell them apart.
function Twins({ twins }: { twins: Customer[] }) {
  return (
    <p className="text-warn" role="status">
      Also the policy number of{" "}
      {twins.map(({ id, name }, i) => (
        <span key={id}>{i > 0 && ", "}<a className="underline" href={`/customers?record=${encodeURIComponent(id)}`} target="_blank" rel="noreferrer">{name}</a></span>
      ))}
      . A sync leaves both out until they differ.
    </p>
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

function FieldInput({ field, text, problem, onText, children }: { field: Field; text: string; problem: string | undefined; onText: (text: string) => void; children?: React.ReactNode }) {
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
      {children}
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
