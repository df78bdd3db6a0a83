// All lanes of the agency at a glance: what waits and why, how long the oldest has waited, and the last syncs by time.
import type { Job } from "../api/client";
import { showClock, showCount } from "../lib/format";
import { waitText } from "../sync/words";

const kBars = 24;

export function QueueOverview({ jobs }: { jobs: Job[] }) {
  const open = jobs.filter(({ state }) => state === "queued" || state === "running" || state === "waiting");
  const oldest = open.reduce<string | null>((first, { createdAt }) => (first === null || createdAt < first ? createdAt : first), null);
  const reasons = [...new Set(open.map(({ reason }) => reason).filter((reason) => reason !== null))];
  const held = jobs.filter(({ state }) => state === "held").length;
  return (
    <section className="panel grid gap-4 p-4 md:grid-cols-[auto_1fr]" aria-label="Queue of the agency">
      <dl className="grid grid-cols-3 gap-4 tabular-nums md:grid-cols-1 md:gap-2">
        <div><dt className="text-muted">Unfinished</dt><dd className="text-base font-semibold">{showCount(open.length)}</dd></div>
        <div><dt className="text-muted">Need a yes</dt><dd className="text-base font-semibold">{showCount(held)}</dd></div>
        <div><dt className="text-muted">Oldest since</dt><dd className="text-base font-semibold">{oldest ? showClock(oldest) : "–"}</dd></div>
      </dl>
      <div className="min-w-0">
        <Throughput jobs={jobs} />
        {reasons.map((reason) => <p key={reason} className="mt-2 text-warn">{waitText(reason)}</p>)}
      </div>
    </section>
  );
}

// Ended syncs of the last hours, an hour a bar.
function Throughput({ jobs }: { jobs: Job[] }) {
  const hour = 3_600_000;
  const end = Math.ceil(Date.now() / hour) * hour;
  const bars = Array.from({ length: kBars }, (_, i) => ({ from: end - (kBars - i) * hour, done: 0, failed: 0 }));
  for (const { finishedAt, state } of jobs) {
    const bar = finishedAt ? bars[kBars - Math.ceil((end - Date.parse(finishedAt)) / hour)] : undefined;
    if (bar) bar[state === "failed" ? "failed" : "done"]++;
  }
  const most = Math.max(1, ...bars.map(({ done, failed }) => done + failed));
  const total = bars.reduce((sum, { done, failed }) => sum + done + failed, 0);
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  return (
    <figure>
      <figcaption className="mb-2 text-muted">Of the syncs listed below, {showCount(total)} ended in the last 24 hours{failed > 0 ? `, ${showCount(failed)} of them failed` : ""}.</figcaption>
      <div className="flex h-20 items-end gap-0.5 border-b border-line-strong" aria-hidden>
        {bars.map(({ from, done, failed: bad }) => (
          <div key={from} title={`${showClock(new Date(from).toISOString())}: ${done + bad}`} className="flex h-full min-w-0 flex-1 flex-col justify-end">
            <div className="bg-bad" style={{ height: `${(bad / most) * 100}%` }} />
            <div className="bg-accent" style={{ height: `${(done / most) * 100}%` }} />
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-[0.86rem] text-muted" aria-hidden><span>{showClock(new Date(bars[0]!.from).toISOString())}</span><span>now</span></div>
    </figure>
  );
}
