// One toast a job. It changes in place from "queued" to the counts, and is never left with an old text.
import { toast } from "sonner";
import { openPage } from "../lib/navigate";
import { queries, tabTitle } from "../lib/session";
import { sentence } from "../lib/text";
import { queueQuery } from "./lane";
import { type JobHead, detail, headline, missedBy, needsLook } from "./words";

export function toastJob(job: JobHead) {
  const isSettled = job.state === "succeeded" || job.state === "failed" || job.state === "held" || job.state === "cancelled";
  const looks = needsLook(job);
  const options = {
    id: `job-${job.id}`,
    description: [sentence(detail(job, tabTitle)), stillHeld(job)].filter(Boolean).join(" "),
    duration: isSettled && !looks ? 8_000 : Number.POSITIVE_INFINITY,
    action: { label: looks ? "Review" : "Details", onClick: () => openPage(`/sync/${job.id}`) },
    testId: `job-${job.id}`,
  };
  const title = headline(job, tabTitle);
  const { rows, tabs } = missedBy(job.result);
  if (job.state === "held" || job.state === "waiting") toast.warning(title, options);
  else if (job.state === "succeeded") (rows + tabs.length > 0 ? toast.warning : toast.success)(title, options);
  else if (job.state === "failed") toast.error(title, options);
  else if (job.state === "cancelled") toast.info(title, options);
  else toast.loading(title, options);
}

// A sync leaves alone what an earlier one held back: who presses again must not think that all is done.
function stillHeld(job: JobHead): string {
  const held = job.state === "succeeded" ? (queries.getQueryData(queueQuery.queryKey)?.held ?? 0) : 0;
  if (held === 0) return "";
  return held === 1 ? "Rows of an earlier sync still wait for approval." : `Rows of ${held} earlier syncs still wait for approval.`;
}
