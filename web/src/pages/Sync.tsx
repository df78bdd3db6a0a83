// The caller's syncs, newest first; for a manager all of the agency's, with an overview of the queue.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Job, api, unwrap } from "../api/client";
import { showClock, showCount, showMoment } from "../lib/format";
import { tabTitle, useMe } from "../lib/session";
import { laneQuery, useHeldCount } from "../sync/lane";
import { counts, detail, stateLook } from "../sync/words";
import { Badge, Empty, Failed, Loading, Page, TablePanel } from "../ui/parts";
import { JobActions } from "./JobActions";
import { QueueOverview } from "./QueueOverview";

export const useJobs = () =>
  useInfiniteQuery({
    queryKey: ["jobs"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/insurance/sync/jobs", { params: { query: { limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.nextCursor,
  });

export default function Sync() {
  const me = useMe();
  const jobs = useJobs();
  const list = jobs.data?.pages.flatMap((page) => page.jobs);
  return (
    <Page title="Syncs">
      <Lane />
      {me.role === "manager" && <QueueOverview />}
      {jobs.isPending && <Loading what="the syncs" />}
      {jobs.error && <Failed error={jobs.error} again={() => void jobs.refetch()} />}
      {list && (
        <TablePanel label={me.role === "manager" ? "Syncs of the agency" : "Your syncs"}>
          {list.length === 0 ? <Empty>No sync yet. Press Sync to put your records into the sheet.</Empty> : <JobTable jobs={list} withUser={me.role === "manager"} />}
        </TablePanel>
      )}
      {jobs.hasNextPage && <button type="button" className="btn self-start" onClick={() => void jobs.fetchNextPage()}>Older syncs</button>}
    </Page>
  );
}

export function StateBadge({ job }: { job: Job }) {
  const { tone, name } = stateLook(job, tabTitle);
  return <Badge tone={tone}>{name}</Badge>;
}

function Lane() {
  const lane = useQuery(laneQuery);
  const held = useHeldCount();
  if (!lane.data) return null;
  const { status, queueLength, current, last, eta } = lane.data;
  const idle = held === 0 ? "No syncs queued." : held === 1 ? "A sync is waiting for approval: see below." : `${showCount(held)} syncs are waiting for approval: see below.`;
  const texts = { idle, queued: "Your next sync starts in a moment.", syncing: "One of your syncs is running.", waiting: "Your syncs wait." };
  return (
    <section className="panel flex flex-wrap items-center gap-x-6 gap-y-2 p-4" aria-label="Your lane">
      <p className="min-w-0 flex-1 max-sm:basis-full" role="status">
        <span className="font-semibold">{texts[status]}</span> {current && status !== "idle" && <span className="text-muted">{detail(current)}</span>}
      </p>
      <dl className="flex flex-wrap gap-6 tabular-nums">
        <div><dt className="text-muted">Unfinished</dt><dd className="font-semibold">{showCount(queueLength)}</dd></div>
        {eta && <div><dt className="text-muted">Done at about</dt><dd className="font-semibold">{showClock(eta)}</dd></div>}
        {last?.finishedAt && <div><dt className="text-muted">Last one ended</dt><dd className="font-semibold">{showMoment(last.finishedAt)}</dd></div>}
      </dl>
    </section>
  );
}

function JobTable({ jobs, withUser }: { jobs: Job[]; withUser: boolean }) {
  return (
    <table className="table table-stack">
      <thead><tr><th scope="col">Sync</th>{withUser && <th scope="col">Of</th>}<th scope="col">State</th><th scope="col">Queued at</th><th scope="col">Outcome</th><th scope="col" className="num">Calls</th><th scope="col"><span className="sr-only">Actions</span></th></tr></thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td><Link to="/sync/$jobId" params={{ jobId: job.id }} className="font-semibold text-accent underline-offset-2 hover:underline">#{job.id}</Link></td>
            {withUser && <td className="whitespace-nowrap">{job.user}</td>}
            <td><StateBadge job={job} /></td>
            <td className="whitespace-nowrap tabular-nums">{showMoment(job.createdAt)}</td>
            <td className="sm:min-w-56" data-wide>{job.state === "succeeded" ? counts(job.result, tabTitle) : detail(job, tabTitle)}</td>
            <td className="num" data-label="Calls">{job.result?.calls ? job.result.calls.reads + job.result.calls.writes : ""}</td>
            <td className="text-right whitespace-nowrap"><JobActions job={job} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
