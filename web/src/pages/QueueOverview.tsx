// All lanes of the agency at a glance: who waits and why, how long the oldest has waited, and what ended hour by hour.
import { useQuery } from "@tanstack/react-query";
import type { SyncQueue } from "../api/client";
import { sentence } from "../lib/text";
import { showClock, showCount } from "../lib/format";
import { queueQuery } from "../sync/lane";
import { waitText } from "../sync/words";
import { Failed, Loading } from "../ui/parts";

const kHours = 24;
const kHourMs = 3_600_000;
const kEveryMs = 15_000; // hours pass without an event
const kLanesShown = 6;

export function QueueOverview() {
  const queue = useQuery({ ...queueQuery, refetchInterval: kEveryMs });
  if (queue.error) return <Failed error={queue.error} again={() => void queue.refetch()} />;
  if (!queue.data) return <Loading what="the queue" />;
  const { queued, running, held, oldest, reason, reasonText, readyAt, lanes, ended } = queue.data;
  const figures: [string, string][] = [
    ["Queued", showCount(queued)], ["Running", showCount(running)], ["Need approval", showCount(held)], ["Oldest since", oldest ? showClock(oldest) : "none"],
  ];
  return (
    <section className="panel grid gap-4 p-4" aria-label="Queue of the agency">
      <h2>Queue of the agency</h2>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2 tabular-nums sm:grid-cols-4">
        {figures.map(([name, value]) => <div key={name}><dt className="text-muted">{name}</dt><dd className="text-base font-semibold">{value}</dd></div>)}
      </dl>
      {reason && (
        <p className="rounded-md bg-warn-soft p-3 text-warn">
          {waitText(reason)} {sentence(reasonText)}{readyAt && ` Tried again at ${showClock(readyAt)}.`}
        </p>
      )}
      {lanes.length > 0 && <Lanes lanes={lanes} />}
      <Throughput ended={ended} />
    </section>
  );
}

function Lanes({ lanes }: { lanes: SyncQueue["lanes"] }) {
  const shown = lanes.slice(0, kLanesShown);
  return (
    <div className="min-w-0">
      <table className="table">
        <thead><tr><th scope="col" className="!pl-0">Lane of</th><th scope="col" className="num">Queued</th><th scope="col" className="num">Running</th><th scope="col" className="num !pr-0">Since</th></tr></thead>
        <tbody>
          {shown.map(({ user, queued, running, oldest }) => (
            <tr key={user}><td className="!pl-0 [overflow-wrap:anywhere]">{user}</td><td className="num">{showCount(queued)}</td><td className="num">{showCount(running)}</td><td className="num !pr-0">{oldest ? showClock(oldest) : ""}</td></tr>
          ))}
        </tbody>
      </table>
      {lanes.length > shown.length && <p className="mt-1 text-muted">And {showCount(lanes.length - shown.length)} more.</p>}
    </div>
  );
}

function Throughput({ ended }: { ended: SyncQueue["ended"] }) {
  const end = Math.ceil(Date.now() / kHourMs) * kHourMs;
  const bars = Array.from({ length: kHours }, (_, i) => {
    const from = end - (kHours - i) * kHourMs;
    const hour = ended.find((one) => Date.parse(one.hour) === from);
    return { from, done: hour ? hour.succeeded + hour.cancelled : 0, failed: hour?.failed ?? 0 };
  });
  const most = Math.max(1, ...bars.map(({ done, failed }) => done + failed));
  const total = bars.reduce((sum, { done, failed }) => sum + done + failed, 0);
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  const clock = (at: number) => showClock(new Date(at).toISOString());
  return (
    <figure>
      <figcaption className="mb-2 text-muted">
        {showCount(total)} {total === 1 ? "sync" : "syncs"} ended in the last 24 hours{failed > 0 ? `, ${showCount(failed)} of them failed` : ""}{total > 0 ? `; at most ${showCount(most)} in an hour.` : "."}
      </figcaption>
      <div className="flex h-16 items-end gap-0.5 border-b border-line-strong" aria-hidden>
        {bars.map(({ from, done, failed: bad }) => (
          <div key={from} title={`${clock(from)} to ${clock(from + kHourMs)}: ${done + bad} ended${bad ? `, ${bad} failed` : ""}`} className="flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-hover">
            <div className="bg-bad" style={{ height: `${(bad / most) * 100}%` }} />
            <div className="rounded-t-sm bg-accent" style={{ height: `${(done / most) * 100}%` }} />
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-[0.86rem] text-muted tabular-nums" aria-hidden>
        <span>{clock(bars[0]!.from)}</span><span className="max-sm:hidden">{clock(bars[kHours / 2]!.from)}</span><span>now</span>
      </div>
    </figure>
  );
}
