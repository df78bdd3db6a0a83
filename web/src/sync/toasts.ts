// One toast a job. It changes in place from "queued" to the counts, and is never left with an old text.
import { toast } from "sonner";
import { openPage } from "../lib/navigate";
import { type JobHead, detail, headline } from "./words";

export function toastJob(job: JobHead) {
  const isSettled = job.state === "succeeded" || job.state === "failed" || job.state === "held" || job.state === "cancelled";
  const needsLook = job.state === "held" || job.state === "failed" || job.state === "waiting" || hasProblems(job);
  const options = {
    id: `job-${job.id}`,
    description: detail(job),
    duration: isSettled && !needsLook ? 8_000 : Number.POSITIVE_INFINITY,
    action: { label: needsLook ? "Look at it" : "Details", onClick: () => openPage(`/sync/${job.id}`) },
    testId: `job-${job.id}`,
  };
  if (job.state === "succeeded") toast.success(headline(job), options);
  else if (job.state === "failed") toast.error(headline(job), options);
  else if (job.state === "held" || job.state === "waiting") toast.warning(headline(job), options);
  else if (job.state === "cancelled") toast.info(headline(job), options);
  else toast.loading(headline(job), options);
}

const hasProblems = ({ result }: JobHead) => !!result && result.rejected.length + result.ambiguous.length > 0;
