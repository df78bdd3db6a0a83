// Changes, cell by cell: who, when, on which side, before and after.
import type { HistoryEntry } from "../api/client";
import { useConfig } from "../lib/session";
import { labelOf, verticalName } from "../lib/fields";
import { type FieldType, type Value, show, showMoment } from "../lib/format";
import { Empty } from "../ui/parts";

const whats: Record<string, string> = { add: "Added", delete: "Deleted", move: "Moved", restore: "Restored", cell: "Changed" };

// A whole row of the sheet: its filled cells from left to right.
const rowText = (cells: unknown) =>
  Array.isArray(cells) ? cells.filter((cell) => cell !== null && cell !== "").map(String).join(" · ") : <span className="text-muted">no row</span>;

export function HistoryTable({ entries, withRecord }: { entries: HistoryEntry[]; withRecord?: (id: string, name: string | null) => React.ReactNode }) {
  const { fields, tabs } = useConfig();
  const sheetPlace = ({ tab, row }: HistoryEntry) => `${tabs.find(({ key }) => key === tab)?.title ?? "Sheet"}${row ? `, row ${row}` : ""}`;
  const typeOf = (name: string | null): FieldType => fields.find((field) => field.name === name)?.type ?? "text";
  // Amounts and days stay in one piece; texts break where they must.
  const shape = (name: string | null) => (/^(money|date)$/.test(typeOf(name)) ? "whitespace-nowrap tabular-nums" : "max-w-60 [overflow-wrap:anywhere]");
  const shown = (name: string | null, value: unknown) => {
    if (value === null || value === undefined || value === "") return <span className="text-muted">blank</span>;
    if (typeof value === "object") return <code className="text-[0.86rem]">{JSON.stringify(value)}</code>;
    return name === "vertical" ? verticalName(String(value)) : show(typeOf(name), value as Value);
  };
  if (entries.length === 0) return <Empty>Nothing has changed.</Empty>;
  return (
    <table className="table table-stack">
      <thead>
        <tr><th scope="col">When</th><th scope="col">Where</th>{withRecord && <th scope="col">Record</th>}<th scope="col">What</th><th scope="col">Before</th><th scope="col">After</th></tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td className="whitespace-nowrap tabular-nums">{showMoment(entry.at)}<div className="text-muted">{entry.user ?? ""}</div></td>
            <td className="whitespace-nowrap">{entry.side === "sheet" ? sheetPlace(entry) : "Rowlane"}</td>
            {withRecord && <td>{entry.record ? withRecord(entry.record, entry.name) : ""}</td>}
            <td className="whitespace-nowrap">{entry.what === "cell" ? labelOf(entry.field ?? "") : whats[entry.what]}</td>
            {entry.what === "cell" ? (
              <><td data-label="Before:" className={shape(entry.field)}>{shown(entry.field, entry.before)}</td><td data-label="After:" className={shape(entry.field)}>{shown(entry.field, entry.after)}</td></>
            ) : Array.isArray(entry.before) || Array.isArray(entry.after) ? (
              <><td data-label="Before:" className="max-w-60 [overflow-wrap:anywhere]">{rowText(entry.before)}</td><td data-label="After:" className="max-w-60 [overflow-wrap:anywhere]">{rowText(entry.after)}</td></>
            ) : (
              <td colSpan={2} className="text-muted">the whole {entry.side === "sheet" ? "row" : "record"}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
