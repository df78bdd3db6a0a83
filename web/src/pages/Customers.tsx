// The customers: search, views, filters, the grid, and what can be done with ticked records.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Columns3, Download, Plus, Search, SlidersHorizontal, Upload, X } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { api, reasonOf, unwrap } from "../api/client";
import { BulkBar } from "../grid/BulkBar";
import { columnsOf } from "../grid/columns";
import { Grid } from "../grid/Grid";
import { type Load, rows, useList } from "../grid/rows";
import { syncName } from "../grid/syncStates";
import { ticks } from "../grid/ticks";
import { useChosen, useIsNarrow } from "../grid/useColumns";
import { takeBlock } from "../lib/firstAnswers";
import { showCount } from "../lib/format";
import { onForget } from "../lib/person";
import { useConfig, useMe, usersQuery } from "../lib/session";
import { type View, listQuery, syncStates, views } from "../lib/view";
import { LazyMenu } from "../ui/LazyMenu";
import { Empty, Failed, Loading, useTitle } from "../ui/parts";
import { FirstSteps } from "./FirstSteps";
import { Renewals } from "./Renewals";

const ColumnChooser = lazy(() => import("../grid/ColumnChooser"));
const RecordDialog = lazy(() => import("./RecordDialog"));
const ImportDialog = lazy(() => import("./ImportDialog"));
const route = getRouteApi("/inside/customers");

const loadOf = (view: View): Load => {
  const query = listQuery(view);
  const load: Load = (offset, limit) => unwrap(api.GET("/api/insurance/customers", { params: { query: { ...query, offset, limit } } }));
  return async (offset, limit) => (offset === 0 ? ((await takeBlock(query)) ?? load(offset, limit)) : load(offset, limit));
};

export default function Customers() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const me = useMe();
  const config = useConfig();
  const chosen = useChosen();
  const isManager = me.role === "manager";
  useTitle(view.due ? "Renewals due" : "Customers");
  const isNarrow = useIsNarrow();
  const [areFiltersOpen, setFiltersOpen] = useState(false);
  const [isImporting, setImporting] = useState(false);
  const columns = useMemo(() => columnsOf(config.fields, chosen, isManager, isNarrow), [config.fields, chosen, isManager, isNarrow]);
  const { record, ...listed } = view;
  const listKey = JSON.stringify(listQuery(listed));
  const list = useOpenList(listKey, listed);
  // A view that was chosen is a step that Back takes back; letters that are typed are none.
  const setView = (next: Partial<View>) => navigate({ search: (now) => ({ ...now, ...next }) });
  const setSearch = (search: string) => navigate({ search: (now) => ({ ...now, search: search || undefined }), replace: true });
  const openRecord = useMemo(() => (id: string) => void navigate({ search: (now) => ({ ...now, record: id }) }), [navigate]);
  const tickAll = () => void tickFound(listed);
  const filterCount = [view.status, view.sync, view.owner].filter(Boolean).length;
  const isFiltered = Object.keys(listed).some((name) => name !== "sort");

  return (
    <div className="flex h-full min-h-0 flex-col">
      <h1 className="sr-only">Customers</h1>
      <div className="flex flex-col gap-2 border-b border-line bg-page px-3 py-2 md:px-4">
        <div className="flex flex-wrap items-center gap-1.5 sm:gap-2">
          <SearchBox value={view.search ?? ""} onSearch={setSearch} />
          <button type="button" className="btn max-sm:px-2 sm:hidden" aria-expanded={areFiltersOpen} onClick={() => setFiltersOpen(!areFiltersOpen)}>
            <SlidersHorizontal className="size-4" aria-hidden /><span className="sr-only">Filters</span>{filterCount > 0 && <span>{filterCount}</span>}
          </button>
          <div className={`flex flex-wrap items-center gap-2 max-sm:order-last max-sm:basis-full ${areFiltersOpen ? "" : "max-sm:hidden"}`}>
            <Filters view={view} setView={setView} isManager={isManager} />
          </div>
          <div className="ml-auto flex items-center gap-1.5 sm:gap-2">
            <LazyMenu label="Columns" text="Columns" className="btn max-sm:px-2" icon={<Columns3 className="size-4" aria-hidden />} menu={(trigger) => <ColumnChooser trigger={trigger} chosen={columns.map(({ field }) => field.name)} isManager={isManager} />} />
            <button type="button" className="btn max-sm:px-2" onClick={() => setImporting(true)}><Upload className="size-4" aria-hidden /><span className="max-sm:sr-only">Import</span></button>
            <a className="btn max-sm:px-2" href="/api/insurance/customers/export" download="customers.csv" title="All your customers, as CSV"><Download className="size-4" aria-hidden /><span className="max-sm:sr-only">Export</span></a>
            <button type="button" className="btn btn-primary max-sm:px-2" onClick={() => openRecord("new")} aria-keyshortcuts="Alt+N"><Plus className="size-4" aria-hidden /><span className="max-sm:sr-only">Add</span></button>
          </div>
        </div>
        <div className="flex h-9 items-center gap-2">
          <ViewTabs view={view} setView={setView} total={list.isLoaded ? list.total : null} />
          <BulkBar fields={config.fields} tickAll={tickAll} />
        </div>
        {view.due && <Renewals view={listed} onDue={(due) => setView({ due })} />}
      </div>
      {list.error && !list.isLoaded ? <div className="p-4"><Failed error={list.error} again={() => void rows.refresh()} /></div> : null}
      {!list.isLoaded && !list.error && <Loading what="customers" />}
      {list.isLoaded && list.total === 0 && (isFiltered ? <Empty>No customer fits these filters.</Empty> : <FirstSteps onAdd={() => openRecord("new")} onImport={() => setImporting(true)} />)}
      {list.isLoaded && list.total > 0 && (
        <Grid listKey={listKey} columns={columns} sort={view.sort ?? ""} onSort={(sort) => setView({ sort })} onOpen={openRecord} tickAll={tickAll} />
      )}
      <Suspense>
        {record && <RecordDialog key={record} id={record} onClose={() => void navigate({ search: ({ record: _, ...rest }) => rest })} />}
        {isImporting && <ImportDialog onClose={() => setImporting(false)} />}
      </Suspense>
    </div>
  );
}

// Ticks all that the list's filter finds, whether it was looked at or not.
async function tickFound(view: View) {
  try {
    ticks.set((await unwrap(api.GET("/api/insurance/customers/ids", { params: { query: listQuery(view) } }))).ids, true);
  } catch (error) {
    toast.error("Not all records could be ticked", { description: reasonOf(error) });
  }
}

// The list that the address asks for. It stays open while other pages are looked at.
let openKey = "", openFilter = "";
onForget(() => {
  openKey = openFilter = "";
});
export function openList({ record: _, ...listed }: View) {
  const key = JSON.stringify(listQuery(listed));
  if (openKey === key && !rows.error) return;
  openKey = key;
  // Ticks are of what this list finds: behind another filter nobody sees what they would delete.
  const filter = JSON.stringify(listQuery({ ...listed, sort: undefined }));
  if (openFilter !== "" && openFilter !== filter) ticks.clear();
  openFilter = filter;
  rows.open(loadOf(listed));
}
function useOpenList(key: string, view: View) {
  const list = useList();
  const now = useRef(view);
  now.current = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when the view is another one
  useEffect(() => openList(now.current), [key]);
  return list;
}

const kTypingMs = 200;
function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onSearch(text);
    }, kTypingMs);
    return () => clearTimeout(timer);
  }, [text, onSearch]);
  return (
    <div className="relative min-w-24 flex-1 sm:min-w-52 md:max-w-80" role="search">
      <Search className="pointer-events-none absolute top-2 left-2 size-4 text-muted" aria-hidden />
      <input id="search" type="search" className="field pr-2 pl-8" placeholder="Name, mobile, policy, registration…" aria-label="Search customers" value={text} onChange={(event) => setText(event.target.value)} aria-keyshortcuts="/" autoComplete="off" />
    </div>
  );
}

type SetView = (next: Partial<View>) => void;

function ViewTabs({ view, setView, total }: { view: View; setView: SetView; total: number | null }) {
  const isDue = view.due !== undefined;
  const current = view.view ?? "all";
  const tab = (isCurrent: boolean) => `h-7 rounded-md px-2.5 whitespace-nowrap ${isCurrent ? "bg-soft font-semibold text-accent-strong" : "text-muted hover:bg-hover hover:text-text"}`;
  return (
    <nav className="-mx-1 flex min-w-0 flex-1 items-center gap-0.5 overflow-x-auto px-1 py-0.5" aria-label="Saved views">
      {views.map(({ key, name }) => (
        <button key={key} type="button" className={tab(!isDue && current === key)} aria-current={!isDue && current === key ? "true" : undefined} onClick={() => setView({ view: key === "all" ? undefined : key, due: undefined, sort: isDue ? undefined : view.sort })}>
          {name}
        </button>
      ))}
      <button type="button" className={tab(isDue)} aria-current={isDue ? "true" : undefined} onClick={() => setView({ due: "30", sort: undefined })}>Renewals due</button>
      <Link to="/bin" className={tab(false)}><span className="flex h-full items-center">Deleted</span></Link>
      {total !== null && <span className="ml-auto pl-3 whitespace-nowrap text-muted tabular-nums" role="status">{showCount(total)} {total === 1 ? "record" : "records"}</span>}
    </nav>
  );
}

function Filters({ view, setView, isManager }: { view: View; setView: SetView; isManager: boolean }) {
  const users = useQuery({ ...usersQuery, enabled: isManager });
  const select = "field w-auto max-w-44";
  const isSet = view.status || view.sync || view.owner;
  return (
    <>
      <select className={select} aria-label="State towards the sheet" value={view.sync ?? ""} onChange={(event) => setView({ sync: event.target.value || undefined })}>
        <option value="">Any sheet state</option>
        {syncStates.map((state) => <option key={state} value={state}>{syncName(state)}</option>)}
      </select>
      {isManager && (
        <select className={select} aria-label="Owner" value={view.owner ?? ""} onChange={(event) => setView({ owner: event.target.value || undefined })}>
          <option value="">Every owner</option>
          {users.data?.filter(({ role }) => role !== "admin").map(({ email }) => <option key={email} value={email}>{email}</option>)}
        </select>
      )}
      <StatusFilter value={view.status ?? ""} onStatus={(status) => setView({ status: status || undefined })} />
      {isSet && <button type="button" className="btn btn-plain" onClick={() => setView({ status: undefined, sync: undefined, owner: undefined })}><X className="size-4" aria-hidden />Clear</button>}
    </>
  );
}

function StatusFilter({ value, onStatus }: { value: string; onStatus: (status: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <form onSubmit={(event) => { event.preventDefault(); onStatus(text); }}>
      <input className="field w-28" aria-label="Status" placeholder="Status" value={text} onChange={(event) => setText(event.target.value)} onBlur={() => text !== value && onStatus(text)} />
    </form>
  );
}
