// Import: a file is read and tried first; nothing changes until the person says so.
import { useState } from "react";
import { toast } from "sonner";
import { ApiError, type ImportReport } from "../api/client";
import { rows } from "../grid/rows";
import { showCount } from "../lib/format";
import { sentence } from "../lib/text";
import { Modal, ModalBody, ModalFoot } from "../ui/Modal";
import { Failed } from "../ui/parts";

const kShownMax = 200;

// The body is the file itself, which the typed client would take for JSON.
async function send(csv: string, query: string): Promise<ImportReport> {
  const answer = await fetch(`/api/insurance/customers/import${query}`, { method: "POST", body: csv, headers: { "Content-Type": "text/csv" } }).catch(() => {
    throw new ApiError(0, "The server does not answer. Nothing was changed.");
  });
  const body = await answer.json();
  if (!answer.ok) throw new ApiError(answer.status, sentence(body.error) || `The server answered ${answer.status}.`, body.errors);
  return body as ImportReport;
}

export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const [csv, setCsv] = useState("");
  const [fileName, setFileName] = useState("");
  const [preview, setPreview] = useState<ImportReport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  const choose = (file: File | undefined) => {
    if (!file) return;
    setFileName(file.name);
    setPreview(null);
    void attempt(async () => {
      const text = await file.text();
      if (text.startsWith("PK")) throw new Error("This is an Excel file. Save it as CSV (UTF-8) in Excel, and choose that file.");
      setCsv(text);
      setPreview(await send(text, "?dry_run=1&skip_bad=1"));
    });
  };
  const bad = preview?.errors?.length ?? 0;
  const good = preview ? preview.added + preview.updated : 0;
  const confirm = () =>
    attempt(async () => {
      const report = await send(csv, bad > 0 ? "?skip_bad=1" : "");
      await rows.refresh();
      toast.success("Imported", { description: `${showCount(report.added)} added, ${showCount(report.updated)} updated, ${showCount(report.unchanged)} unchanged. The sheet follows with your next sync.` });
      onClose();
    });

  return (
    <Modal open onClose={onClose} title="Import customers" description="A CSV file with field names in its first line, as an export has them. It is tried first; nothing changes until you say so." wide>
      <ModalBody>
        <label className="grid gap-1">
          <span>File</span>
          <input type="file" accept=".csv,text/csv" onChange={(event) => choose(event.target.files?.[0])} className="field h-auto py-1.5 file:mr-3 file:rounded file:border-0 file:bg-soft file:px-2 file:py-1 file:text-accent-strong" />
        </label>
        <div aria-live="polite" className="mt-4 grid gap-3">
          {isBusy && <p className="text-muted">Reading {fileName}…</p>}
          {error ? <Failed error={error} /> : null}
          {error instanceof ApiError && error.errors.length > 0 && (
            <ul className="list-disc pl-5 text-bad">
              {error.errors.slice(0, kShownMax).map(({ line, field, reason }, i) => <li key={i}>{line ? `Line ${line}` : "The file"}{field ? `, ${field}` : ""}: {sentence(reason)}</li>)}
            </ul>
          )}
          {preview && (
            <>
              <dl className="grid grid-cols-2 gap-2 sm:grid-cols-4">
                {([["To add", preview.added], ["To update", preview.updated], ["Unchanged", preview.unchanged], ["Bad lines", new Set(preview.errors?.map(({ line }) => line)).size]] as const).map(([name, n]) => (
                  <div key={name} className="panel px-3 py-2"><dt className="text-muted">{name}</dt><dd className="text-base font-semibold tabular-nums">{showCount(n)}</dd></div>
                ))}
              </dl>
              {bad > 0 && <BadLines errors={preview.errors ?? []} />}
            </>
          )}
        </div>
      </ModalBody>
      <ModalFoot>
        <button type="button" className="btn" onClick={onClose}>Cancel</button>
        <button type="button" className="btn btn-primary" disabled={!preview || good === 0 || isBusy} onClick={() => void confirm()}>
          {good === 0 ? "Nothing to import" : `Import the ${showCount(good)} ${bad > 0 ? "good " : ""}${good === 1 ? "line" : "lines"}`}
        </button>
      </ModalFoot>
    </Modal>
  );
}

function BadLines({ errors }: { errors: NonNullable<ImportReport["errors"]> }) {
  return (
    <div className="panel relative max-h-72 min-w-0 overflow-auto" tabIndex={0} role="group" aria-label="Bad lines">
      <table className="table">
        <thead><tr><th scope="col" className="num">Line</th><th scope="col">Field</th><th scope="col">Why it is left out</th></tr></thead>
        <tbody>
          {errors.slice(0, kShownMax).map(({ line, field, reason }, i) => (
            <tr key={`${line}-${i}`}><td className="num">{line}</td><td>{field ?? ""}</td><td>{reason}</td></tr>
          ))}
        </tbody>
      </table>
      {errors.length > kShownMax && <p className="p-3 text-muted">and {showCount(errors.length - kShownMax)} more</p>}
    </div>
  );
}
