// Keeps what is shown up to date while somebody is signed in: rows one by one, lists as a whole when many changed.
import { toast } from "sonner";
import { useEffect } from "react";
import type { User } from "../api/client";
import { currentEditing, setEditing } from "../grid/editing";
import { startOutbox } from "../grid/edits";
import { rows } from "../grid/rows";
import { ticks } from "../grid/ticks";
import { queries } from "../lib/session";
import { startJobs } from "../sync/jobs";
import { type LiveEvent, onEvent, onPoll, startEvents, stopEvents } from "./events";

const kGatherMs = 250;

// Calls `work` once for all requests of a moment.
function gathered(work: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    setTimeout(() => {
      isAsked = false;
      work();
    }, kGatherMs);
  };
}
const refreshList = gathered(() => void rows.refresh());
const refreshLane = gathered(() => {
  for (const key of ["lane", "jobs", "queue", "config"]) void queries.invalidateQueries({ queryKey: [key] });
});
const refreshAround = gathered(() => {
  for (const key of ["customers", "activity", "history"]) void queries.invalidateQueries({ queryKey: [key] });
});

function take(event: LiveEvent) {
  if (event.kind === "job") return refreshLane();
  refreshAround();
  if (event.kind !== "customer") return refreshList();
  const { data } = event;
  if ("deleted" in data) {
    ticks.set([data.id], false);
    tellIfTypedInto(data.id);
    if (rows.row(data.id)) refreshList();
    return;
  }
  if (!rows.put(data)) refreshList();
}

// The record goes while somebody types into it: what was typed is told, as there is no cell any more to hold it.
function tellIfTypedInto(id: string) {
  const editing = currentEditing();
  if (editing?.id !== id) return;
  const name = rows.row(id)?.customer?.name;
  setEditing(null);
  document.querySelector<HTMLElement>("[role=grid]")?.focus({ preventScroll: true });
  toast.error(`${name ?? "The record"} was deleted meanwhile`, { description: `You typed: ${editing.text}`, duration: Number.POSITIVE_INFINITY });
}

export function useLive(me: User) {
  useEffect(() => {
    if (me.role === "admin") return;
    rows.reader = me.email;
    const stops = [
      startOutbox(me.id),
      startJobs(),
      onEvent(take),
      onPoll(() => {
        refreshList();
        refreshLane();
        refreshAround();
      }),
      stopEvents,
    ];
    startEvents(me.id);
    return () => {
      for (const stop of stops) stop();
    };
  }, [me]);
}
