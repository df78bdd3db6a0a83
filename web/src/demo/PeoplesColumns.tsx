// Rows of the demo's sheet as they stand now: the columns and formulas that people made are as they made them.
import { useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { ApiError } from "../api/client";
import { useConfig } from "../lib/session";
import { Failed, Loading } from "../ui/parts";

const kTab = "general_ins";
const kRows = 5;

async function readValues(spreadsheet: string, render: "FORMULA" | "FORMATTED_VALUE"): Promise<string[][]> {
  const range = encodeURIComponent(`${kTab}!A1:H${kRows}`);
  const answer = await fetch(`/local-sheets/v4/spreadsheets/${encodeURIComponent(spreadsheet)}/values/${range}?valueRenderOption=${render}`);
  if (!answer.ok) throw new ApiError(answer.status, "The sheet could not be read.");
  return ((await answer.json()) as { values?: unknown[][] }).values?.map((row) => row.map(String)) ?? [];
}
// Cells as people see them in the sheet, but formulas as they were typed.
async function readRows(spreadsheet: string): Promise<string[][]> {
  const [shown, entered] = await Promise.all([readValues(spreadsheet, "FORMATTED_VALUE"), readValues(spreadsheet, "FORMULA")]);
  return entered.map((row, r) => row.map((text, c) => (text.startsWith("=") ? text : (shown[r]?.[c] ?? ""))));
}

export function PeoplesColumns() {
  const { spreadsheet, tabs } = useConfig();
  const sheet = useQuery({ queryKey: ["demo-sheet"], staleTime: 0, queryFn: () => readRows(spreadsheet.id) });
  const ours = new Set(Object.values(tabs.find(({ title }) => title === kTab)?.headers ?? {}));
  const [headers = [], ...rows] = sheet.data ?? [];
  const isTheirs = (i: number) => !ours.has(headers[i] ?? "");
  return (
    <>
      <p>Only mapped columns are written. <span className="rounded bg-warn-soft px-1 text-warn">Marked</span> is what people made: a column of their own, and a formula. Open the sheet, type into “Called?”, sort it or insert a column, then press Sync here and look again.</p>
      <div className="flex flex-wrap gap-2">
        <a className="btn" href={spreadsheet.link ?? "/spreadsheet"} target="_blank" rel="noreferrer"><ExternalLink className="size-4" aria-hidden />Open the sheet</a>
        <button type="button" className="btn" onClick={() => void sheet.refetch()}>Look again</button>
      </div>
      {sheet.isPending && <Loading what="the sheet" />}
      {sheet.error && <Failed error={sheet.error} />}
      {sheet.data && (
        <div className="panel overflow-x-auto" tabIndex={0} role="group" aria-label={`First rows of ${kTab}`}>
          <table className="table">
            <thead><tr>{headers.map((header, i) => <th key={header} scope="col" className={`whitespace-nowrap ${isTheirs(i) ? "!bg-warn-soft !text-warn" : ""}`}>{header}</th>)}</tr></thead>
            <tbody>{rows.map((row, r) => <tr key={r}>{headers.map((header, i) => <td key={header} className={`whitespace-nowrap ${isTheirs(i) ? "bg-warn-soft text-warn" : ""}`}>{row[i] ?? ""}</td>)}</tr>)}</tbody>
          </table>
        </div>
      )}
    </>
  );
}
