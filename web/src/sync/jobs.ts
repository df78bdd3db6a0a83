// Jobs as this page knows them, and the ones that were pressed here: each of those has one toast until it has ended.
import { useCallback, useSyncExternalStore } from "react";
import { type Job, api, json, unwrap } from "../api/client";
import { onEvent, onPoll } from "../live/events";
import { Emitter } from "../lib/emitter";
import { onForget } from "../lib/person";
import { toastJob } from "./toasts";

const kRecheckMs = 5_000; // of a followed job of which nothing was heard
const kStorage = "rowlane.followed";
const kJobsMax = 500;

const jobs = new Map<string, Job>();
const changes = new Emitter<string>();
const followed = new Map<string, number>(); // id -> when something was last heard of it

export const isEnded = (job: Job) => job.state === "succeeded" || job.state === "failed" || job.state === "cancelled";
const isSettled = (job: Job) => isEnded(job) || job.state === "held";

// An older state never replaces a newer one: answers and events cross on their way. `startedAt` is that of the latest
// attempt, so it only rises; a job that stopped running runs again in another attempt.
function isOlder(next: Job, before: Job): boolean {
  if (isEnded(before) && !isEnded(next)) return true;
  if (next.startedAt !== before.startedAt) return (next.startedAt ?? "") < (before.startedAt ?? "");
  if (next.state !== before.state) return next.state === "running";
  return next.done < before.done && next.phase === before.phase;
}

export function putJob(job: Job) {
  const before = jobs.get(job.id);
  if (before && isOlder(job, before)) return;
  jobs.delete(job.id);
  jobs.set(job.id, job);
  if (jobs.size > kJobsMax) jobs.delete(jobs.keys().next().value!);
  changes.emit(job.id);
  changes.emit("");
  if (!followed.has(job.id)) return;
  followed.set(job.id, Date.now());
  toastJob(job);
  if (isSettled(job)) unfollow(job.id);
}

export const job = (id: string) => jobs.get(id);
export function useJob(id: string): Job | undefined {
  const subscribe = useCallback((call: () => void) => changes.on(id, call), [id]);
  return useSyncExternalStore(subscribe, () => jobs.get(id));
}
// Rises with every change of any job.
let version = 0;
changes.on("", () => version++);
export const useJobsVersion = () => useSyncExternalStore((call) => changes.on("", call), () => version);
export const onAnyJob = (call: () => void) => changes.on("", call);

// --- Jobs pressed here ---

function store() {
  sessionStorage.setItem(kStorage, JSON.stringify([...followed.keys()]));
}
export function follow(id: string) {
  followed.set(id, Date.now());
  store();
}
function unfollow(id: string) {
  followed.delete(id);
  store();
}
async function recheck(id: string) {
  try {
    putJob(await unwrap(api.GET("/api/insurance/sync/jobs/{id}", { params: { path: { id } } })));
  } catch {
    // asked again at the next look
  }
}

// Puts a sync into the lane; answers the job's id at once.
export async function pressSync(): Promise<string> {
  const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const queued = await unwrap(api.POST("/api/insurance/sync/to-sheet", { ...json, params: { header: { "Idempotency-Key": key } }, body: {} }));
  follow(queued.jobId);
  const known = jobs.get(queued.jobId);
  if (known) putJob(known);
  else toastJob({ id: queued.jobId, state: "queued", position: queued.position });
  return queued.jobId;
}

onForget(() => {
  jobs.clear();
  followed.clear();
  sessionStorage.removeItem(kStorage);
  changes.emit("");
});

export function startJobs() {
  jobs.clear();
  followed.clear();
  for (const id of JSON.parse(sessionStorage.getItem(kStorage) ?? "[]") as string[]) followed.set(id, 0);
  const stops = [
    onEvent((event) => {
      if (event.kind === "job") putJob(event.data);
      if (event.kind === "reset") for (const id of followed.keys()) void recheck(id);
    }),
    onPoll(() => {
      for (const id of followed.keys()) void recheck(id);
    }),
  ];
  const look = () => {
    for (const [id, at] of followed) if (Date.now() - at > kRecheckMs) void recheck(id);
  };
  look();
  const timer = setInterval(look, kRecheckMs);
  return () => {
    clearInterval(timer);
    for (const stop of stops) stop();
  };
}
