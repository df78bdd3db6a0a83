// The demo's ten agents: presses for all of them at once, and shows how the latest sync of each stands. Their tokens are
// the demo's own and known to everybody; it listens on loopback alone.
import { Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import type { Job } from "../api/client";
import { StateBadge } from "../pages/Sync";
import { counts } from "../sync/words";

const kUsers = Array.from({ length: 10 }, (_, i) => i + 1);
const kEveryMs = 700;

const ask = (user: number, path: string, method = "GET") =>
  fetch(`/api/insurance/sync/${path}`, {
    method,
    credentials: "omit", // as that user, not as whoever is signed in here
    headers: { Authorization: `Bearer token_user_${user}`, "Content-Type": "application/json" },
  });

// A server that is down at the moment leaves what was known.
async function latest(user: number): Promise<Job | undefined> {
  try {
    const answer = await ask(user, "jobs?limit=1");
    return answer.ok ? ((await answer.json()) as { jobs: Job[] }).jobs[0] : undefined;
  } catch {
    return undefined;
  }
}

function useLatest(): (Job | undefined)[] {
  const [jobs, setJobs] = useState<(Job | undefined)[]>([]);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const next = await Promise.all(kUsers.map(latest));
      if (isOver) return;
      setJobs((before) => next.map((job, i) => job ?? before[i]));
      timer = setTimeout(look, kEveryMs);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return jobs;
}

export function TenUsers({ withButton }: { withButton?: boolean }) {
  const jobs = useLatest();
  const [answer, setAnswer] = useState("");
  const press = async () => {
    const since = performance.now();
    const answers = await Promise.allSettled(kUsers.map((user) => ask(user, "to-sheet", "POST")));
    const taken = answers.filter((one) => one.status === "fulfilled" && one.value.status === 202).length;
    setAnswer(`${taken} of ${kUsers.length} taken, all answers within ${Math.round(performance.now() - since)} ms.`);
  };
  return (
    <>
      {withButton && (
        <div className="flex flex-wrap items-center gap-3">
          <button type="button" className="btn btn-primary" onClick={() => void press()}>Press for all ten</button>
          <span role="status">{answer}</span>
        </div>
      )}
      <ol className="grid gap-x-6 gap-y-1 tabular-nums md:grid-cols-2" aria-label="The latest of each user" data-testid="ten-users">
        {kUsers.map((user, i) => {
          const job = jobs[i];
          return (
            <li key={user} className="flex min-w-0 items-center gap-2">
              <span className="w-16 shrink-0">User {user}</span>
              {job ? <><StateBadge job={job} /><span className="text-muted">#{job.id}</span><span className="min-w-0 truncate">{counts(job.result)}</span></> : <span className="text-muted">nothing yet</span>}
            </li>
          );
        })}
      </ol>
      {withButton && <p className="text-muted">The same by hand:</p>}
      {withButton && <CodeBlock>{`for i in $(seq 10); do curl -s -X POST ${window.location.origin}/api/insurance/sync/to-sheet -H "Authorization: Bearer token_user_$i" & done; wait`}</CodeBlock>}
    </>
  );
}

export function CodeBlock({ children }: { children: string }) {
  const copy = () => navigator.clipboard.writeText(children).then(() => toast.success("Copied"), () => toast.error("The browser does not allow copying"));
  return (
    <div className="flex items-start gap-1 rounded-md border border-line bg-page">
      <pre className="min-w-0 flex-1 p-2 text-[0.86rem] whitespace-pre-wrap [overflow-wrap:anywhere]">{children}</pre>
      <button type="button" className="btn btn-plain btn-icon" aria-label="Copy the command" onClick={() => void copy()}><Copy className="size-4" aria-hidden /></button>
    </div>
  );
}
