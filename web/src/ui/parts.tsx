// Small parts that pages share.
import { AlertTriangle, LoaderCircle } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { reasonOf } from "../api/client";
import { badgeClass, type Tone } from "./tones";

// What the window and its tab are called while this is shown.
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} – Rowlane`;
  }, [title]);
}

export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto flex max-w-6xl flex-col gap-4 p-4 md:p-6">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <h1>{title}</h1>
          <div className="flex flex-wrap gap-2">{actions}</div>
        </div>
        {children}
      </div>
    </div>
  );
}

// A wide table scrolls inside its panel, and by keyboard too.
export function TablePanel({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section className="panel relative min-w-0 overflow-x-auto" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="flex items-center gap-2 p-6 text-muted" role="status">
      <LoaderCircle className="size-4 animate-spin" aria-hidden /> Loading {what}…
    </p>
  );
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div className="panel flex flex-wrap items-center gap-3 border-bad/40 bg-bad-soft p-3 text-bad" role="alert">
      <AlertTriangle className="size-4 shrink-0" aria-hidden />
      <span className="min-w-0 flex-1">{reasonOf(error)}</span>
      {again && <button type="button" className="btn" onClick={again}>Try again</button>}
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="p-6 text-center text-muted">{children}</p>;
}

export function Badge({ tone, title, children }: { tone: Tone; title?: string; children: ReactNode }) {
  return <span title={title} className={badgeClass(tone)}>{children}</span>;
}
