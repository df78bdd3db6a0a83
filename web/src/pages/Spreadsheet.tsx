// The agency's spreadsheet: its state, the address to share it with, and how its columns are read.
import { Copy, ExternalLink } from "lucide-react";
import { toast } from "sonner";
import { labelOf, verticalName } from "../lib/fields";
import { useConfig } from "../lib/session";
import { sentence } from "../lib/text";
import { waitText } from "../sync/words";
import { Badge, Page, TablePanel } from "../ui/parts";

const states = { idle: ["good", "At rest"], queued: ["info", "Queued"], syncing: ["info", "Syncing"], waiting: ["warn", "Waiting"] } as const;

export default function Spreadsheet() {
  const { agency, spreadsheet, tabs } = useConfig();
  const [tone, name] = states[spreadsheet.state];
  const copy = (text: string) => navigator.clipboard.writeText(text).then(() => toast.success("Copied"), () => toast.error("The browser does not allow copying"));
  return (
    <Page title="Spreadsheet" actions={spreadsheet.link && <a className="btn" href={spreadsheet.link} target="_blank" rel="noreferrer"><ExternalLink className="size-4" aria-hidden />Open the sheet</a>}>
      <section className="panel grid gap-3 p-4" aria-label="State">
        <div className="flex flex-wrap items-center gap-3"><Badge tone={tone}>{name}</Badge><span className="font-semibold">{agency.name}</span></div>
        {spreadsheet.reason && (
          <div className="grid gap-1 rounded-md bg-warn-soft p-3 text-warn">
            <p>{waitText(spreadsheet.reason)}</p>
            {spreadsheet.reasonText && <p className="text-[0.86rem] [overflow-wrap:anywhere]">{sentence(spreadsheet.reasonText)}</p>}
          </div>
        )}
        <dl className="grid gap-3 sm:grid-cols-2">
          <div><dt className="text-muted">Spreadsheet id</dt><dd className="[overflow-wrap:anywhere]">{spreadsheet.id}</dd></div>
          {spreadsheet.shareWith && (
            <div>
              <dt className="text-muted">Share it, as an editor, with</dt>
              <dd className="flex items-center gap-2 [overflow-wrap:anywhere]">{spreadsheet.shareWith}<button type="button" className="btn btn-plain btn-icon" aria-label="Copy the address" onClick={() => void copy(spreadsheet.shareWith!)}><Copy className="size-4" aria-hidden /></button></dd>
            </div>
          )}
        </dl>
      </section>
      <div className="grid items-start gap-4 lg:grid-cols-2">
      {tabs.map(({ key, title, verticals, newVertical, headers }) => (
        <section key={key} className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2" aria-label={`Tab ${title}`}>
          <h2>{title}</h2>
          <p className="text-muted lg:min-h-10">Holds {verticals.map(verticalName).join(", ")}. A new row of the sheet becomes {verticalName(newVertical)}.</p>
          <TablePanel label={`Columns of ${title}`}>
            <table className="table">
              <thead><tr><th scope="col">Field</th><th scope="col">Header in the sheet</th></tr></thead>
              <tbody>{Object.entries(headers).map(([field, header]) => <tr key={field}><td>{labelOf(field)}</td><td>{header}</td></tr>)}</tbody>
            </table>
          </TablePanel>
        </section>
      ))}
      </div>
    </Page>
  );
}
