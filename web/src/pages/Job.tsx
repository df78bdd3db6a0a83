// One sync: what it did, tab by tab; what it held back, could not take or could not tell apart; every cell it changed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { type Job as JobData, type JobResult, api, unwrap } from "../api/client";
import { sentence } from "../lib/text";
import { labelOf, verticalName } from "../lib/fields";
import { type Value, show, showCount, showMoment } from "../lib/format";
import { tabTitle, useConfig } from "../lib/session";
import { isEnded, putJob, useJob } from "../sync/jobs";
import { detail, headline, heldOutcome, heldSum } from "../sync/words";
import { Failed, Loading, Page, TablePanel } from "../ui/parts";
import { HistoryTable } from "./HistoryTable";
import { JobActions } from "./JobActions";
import { StateBadge } from "./Sync";

type HeldRow = JobResult["held"][number];
type HeldCell = HeldRow["cells"][number];

export default function Job() {
  const { jobId } = useParams({ from: "/inside/sync/$jobId" });
  const loaded = useQuery({
    queryKey: ["jobs", jobId],
    queryFn: async () => {
      const job = await unwrap(api.GET("/api/insurance/sync/jobs/{id}", { params: { path: { id: jobId } } }));
      putJob(job);
      return job;
    },
  });
  const job = newest(useJob(jobId), loaded.data);
  if (!job) return <Page title={`Sync #${jobId}`}>{loaded.error ? <Failed error={loaded.error} again={() => void loaded.refetch()} /> : <Loading what="the sync" />}</Page>;
  const { result } = job;
  return (
    <Page title={`Sync #${job.id}`} actions={<><Link to="/sync" className="btn">All syncs</Link><JobActions job={job} isLarge /></>}>
      <Summary job={job} />
      {result && <Tabs result={result} />}
      {result && result.held.length > 0 && <Held result={result} state={job.state} />}
      {result && <Rejected result={result} />}
      {result && <Ambiguous result={result} />}
      {result && result.notFound.length > 0 && (
        <Section title="Not found" text="These records were to be deleted, but none was found.">
          <ul className="p-3">{result.notFound.map((entry, i) => <li key={i} className="[overflow-wrap:anywhere]">{typeof entry === "string" ? entry : JSON.stringify(entry)}</li>)}</ul>
        </Section>
      )}
      {(isEnded(job) || job.state === "held") && <History jobId={job.id} />}
    </Page>
  );
}

// Events bring results with their first rows alone; what was loaded has them all, and is loaded anew after an event.
function newest(told: JobData | undefined, loaded: JobData | undefined): JobData | undefined {
  if (!told || !loaded) return told ?? loaded;
  return told.state === loaded.state && told.startedAt === loaded.startedAt && told.done === loaded.done ? loaded : told;
}

function Summary({ job }: { job: JobData }) {
  const times: [string, string | null][] = [["Queued", job.createdAt], ["Started", job.startedAt], ["Ended", job.finishedAt]];
  return (
    <section className="panel grid gap-3 p-4" aria-label="Summary">
      <div className="flex flex-wrap items-center gap-3">
        <StateBadge job={job} />
        <p role="status"><span className="font-semibold">{headline(job, tabTitle)}.</span> {detail(job, tabTitle)}</p>
      </div>
      {job.state === "running" && job.total > 0 && <progress className="w-full accent-accent" value={job.done} max={job.total} aria-label="Rows done" />}
      <dl className="flex flex-wrap gap-x-8 gap-y-2 tabular-nums">
        {job.user && <div><dt className="text-muted">Of</dt><dd>{job.user}</dd></div>}
        {times.map(([name, at]) => at && <div key={name}><dt className="text-muted">{name}</dt><dd>{showMoment(at)}</dd></div>)}
        {job.result?.calls && <div><dt className="text-muted">Calls to the sheet</dt><dd>{job.result.calls.reads} to read, {job.result.calls.writes} to write</dd></div>}
        {job.attempt > 1 && <div><dt className="text-muted">Attempts</dt><dd>{job.attempt}</dd></div>}
        {job.settledBy && <div><dt className="text-muted">Done together with</dt><dd><Link to="/sync/$jobId" params={{ jobId: job.settledBy }} className="text-accent underline">#{job.settledBy}</Link></dd></div>}
        {job.retryOf && <div><dt className="text-muted">Retry of</dt><dd><Link to="/sync/$jobId" params={{ jobId: job.retryOf }} className="text-accent underline">#{job.retryOf}</Link></dd></div>}
      </dl>
      {job.result && <Notices notices={job.result.notices} />}
    </section>
  );
}

// A row as the sync met it. People sort and insert rows, so the address is of that moment: the link opens the tab, and
// the customer's name beside it leads to the record.
function RowAddress({ tab, row }: { tab: string; row: number | null }) {
  const { spreadsheet, tabs } = useConfig();
  const one = tabs.find(({ key }) => key === tab);
  const text = row ? `${tabTitle(tab)}, row ${row}` : tabTitle(tab);
  if (!spreadsheet.link) return <>{text}</>;
  const href = one?.sheetId === null || one?.sheetId === undefined ? spreadsheet.link : `${spreadsheet.link}#gid=${one.sheetId}`;
  return (
    <a href={href} target="_blank" rel="noreferrer" title="Where the row stood when this sync ran" className="inline-flex items-center gap-1 whitespace-nowrap text-accent underline">
      {text}<ExternalLink className="size-3.5" aria-label="opens the tab in a new window" />
    </a>
  );
}
export const RecordLink = ({ id, name }: { id: string; name: ReactNode }) => <Link to="/customers" search={{ record: id }} className="text-accent underline">{name}</Link>;

const kNoticesInSight = 3;

// What was told. Many (a row each that went with a remark) stay folded, so that the counts are in sight.
function Notices({ notices }: { notices: JobResult["notices"] }) {
  const list = notices.map(({ tab, text }, i) => <p key={i} className="rounded-md bg-info-soft p-2 text-info">{tab ? `${tabTitle(tab)}: ` : ""}{sentence(text)}</p>);
  if (list.length <= kNoticesInSight) return <>{list}</>;
  return (
    <details className="panel p-3">
      <summary className="cursor-pointer">{showCount(list.length)} notices about what was found in the sheet</summary>
      <div className="mt-2 grid gap-2">{list}</div>
    </details>
  );
}

function Tabs({ result }: { result: JobResult }) {
  const columns = ["exported", "added", "updated", "deleted", "kept", "overwritten", "drafts"] as const;
  return (
    <TablePanel label="Counts of each tab">
      <table className="table">
        <thead><tr><th scope="col">Tab</th>{columns.map((name) => <th key={name} scope="col" className="num">{name[0]!.toUpperCase() + name.slice(1)}</th>)}</tr></thead>
        <tbody>
          {Object.entries(result.tabs).map(([tab, one]) => (
            <tr key={tab}>
              <th scope="row" className="!text-text">{tabTitle(tab)}{one.error && <p className="font-normal text-bad">{sentence(one.error)}</p>}</th>
              {columns.map((name) => <td key={name} className="num">{showCount(one[name])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </TablePanel>
  );
}

function Section({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <section className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2" aria-label={title}>
      <div><h2>{title}</h2><p className="text-muted">{text}</p></div>
      <div className="panel relative min-w-0 overflow-x-auto" tabIndex={0} role="group" aria-label={`${title}, rows`}>{children}</div>
    </section>
  );
}

function Held({ result, state }: { result: JobResult; state: JobData["state"] }) {
  const { fields } = useConfig();
  const shown = ({ field }: HeldCell, value: unknown) => {
    const type = fields.find(({ name }) => name === field)?.type ?? "text";
    return field === "vertical" && value ? verticalName(String(value)) : show(type, value as Value) || "blank";
  };
  const at = ({ cells }: HeldRow, name: string) => {
    const cell = cells.find(({ field }) => field === name);
    return cell ? shown(cell, cell.from) : "";
  };
  const own = new Set(["name", "current_policy_no", "premium"]);
  const others = ({ what, cells }: HeldRow) => (what === "delete" ? cells.filter(({ field }) => !own.has(field)) : cells);
  return (
    <Section title={`Held back: ${heldSum(result.held)}`} text={heldOutcome(state)}>
      <table className="table table-stack">
        <thead><tr><th scope="col">Customer</th><th scope="col">Policy no.</th><th scope="col" className="num">Premium</th><th scope="col">What</th><th scope="col">Row</th><th scope="col">Cells</th></tr></thead>
        <tbody>
          {result.held.map((row, i) => (
            <tr key={i}>
              <td>{row.record ? <RecordLink id={row.record} name={row.name ?? row.record} /> : row.name}</td>
              <td className="whitespace-nowrap">{at(row, "current_policy_no")}</td>
              <td className="num whitespace-nowrap">{at(row, "premium")}</td>
              <td className="whitespace-nowrap">{row.what === "delete" ? "Delete" : "Empty cells"} in {row.side === "sheet" ? "the sheet" : "Rowlane"}</td>
              <td className="whitespace-nowrap"><RowAddress tab={row.tab} row={row.row} /></td>
              <td data-wide={others(row).length > 0 || undefined}>
                {row.cells.length === 0 && <span className="text-muted">the whole row</span>}
                {others(row).map((cell, j) => (
                  <div key={j} className="[overflow-wrap:anywhere]">
                    <span className="text-muted">{labelOf(cell.field)}:</span> {shown(cell, cell.from)}{row.what === "blank" && ` → ${shown(cell, cell.to)}`}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Rejected({ result }: { result: JobResult }) {
  if (result.rejected.length === 0) return null;
  return (
    <Section title="Rejected" text="These cells could not be taken. Correct them where they stand, then sync again.">
      <table className="table">
        <thead><tr><th scope="col">Row</th><th scope="col">Field</th><th scope="col">Why</th></tr></thead>
        <tbody>{result.rejected.map((one, i) => <tr key={i}><td><RowAddress tab={one.tab} row={one.row} /></td><td>{labelOf(one.field)}</td><td>{sentence(one.reason)}</td></tr>)}</tbody>
      </table>
    </Section>
  );
}

function Ambiguous({ result }: { result: JobResult }) {
  if (result.ambiguous.length === 0) return null;
  return (
    <Section title="Ambiguous" text="Several rows or records have one key. Make the key of each different, then sync again.">
      <table className="table">
        <thead><tr><th scope="col">Customer</th><th scope="col">Key</th><th scope="col">Rows</th></tr></thead>
        <tbody>
          {result.ambiguous.map((one, i) => (
            <tr key={i}><td>{one.record ? <RecordLink id={one.record} name={one.name ?? one.record} /> : one.name}</td><td className="[overflow-wrap:anywhere]">{one.key}</td><td><span className="flex flex-wrap gap-2">{one.rows.length === 0 && "in no row: another record has this key"}{one.rows.map((row) => <RowAddress key={row} tab={one.tab} row={row} />)}</span></td></tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function History({ jobId }: { jobId: string }) {
  const history = useInfiniteQuery({
    queryKey: ["history", "job", jobId],
    initialPageParam: "",
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/insurance/history", { params: { query: { job: jobId, limit: 100, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.nextCursor,
  });
  const entries = history.data?.pages.flatMap((page) => page.history);
  return (
    <Section title="Changes" text="Every cell that this sync changed, with what stood there before.">
      {history.isPending && <Loading what="the changes" />}
      {history.error && <Failed error={history.error} />}
      {entries && <HistoryTable entries={entries} withRecord={(id, name) => <RecordLink id={id} name={name ?? id} />} />}
      {history.hasNextPage && <button type="button" className="btn m-3" onClick={() => void history.fetchNextPage()}>More changes</button>}
    </Section>
  );
}
