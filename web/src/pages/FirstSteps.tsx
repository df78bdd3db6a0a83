// What to do first in an agency without records.
import { Link } from "@tanstack/react-router";
import { useConfig } from "../lib/session";

export function FirstSteps({ onAdd, onImport }: { onAdd: () => void; onImport: () => void }) {
  const { spreadsheet } = useConfig();
  const steps = [
    {
      title: "Bring your customers in",
      text: "Take them from a CSV file, or add the first one by hand.",
      actions: <><button type="button" className="btn btn-primary" onClick={onImport}>Import a file</button><button type="button" className="btn" onClick={onAdd}>Add one</button></>,
    },
    {
      title: "Connect the Google Sheet",
      text: spreadsheet.shareWith ? `Share the spreadsheet with ${spreadsheet.shareWith} as an editor.` : "The spreadsheet is on this server; nothing has to be shared.",
      actions: <><Link to="/spreadsheet" className="btn">See the spreadsheet</Link></>,
    },
    { title: "Press Sync", text: "The sheet gets a row for each of your records. You can go on working meanwhile.", actions: null },
  ];
  return (
    <div className="overflow-y-auto p-4 md:p-8">
      <h2 className="mb-1 text-lg">No customers yet</h2>
      <p className="mb-4 text-muted">Three steps, and the sheet and this page agree.</p>
      <ol className="grid max-w-4xl gap-3 md:grid-cols-3">
        {steps.map(({ title, text, actions }, i) => (
          <li key={title} className="panel flex flex-col gap-2 p-4">
            <span className="grid size-6 place-items-center rounded-full bg-soft font-semibold text-accent-strong">{i + 1}</span>
            <h3 className="font-semibold">{title}</h3>
            <p className="flex-1 text-muted [overflow-wrap:anywhere]">{text}</p>
            {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
          </li>
        ))}
      </ol>
    </div>
  );
}
