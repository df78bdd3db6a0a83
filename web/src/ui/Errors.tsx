import { Link } from "@tanstack/react-router";
import { reasonOf } from "../api/client";
import { useTitle } from "./parts";

export function NotFound() {
  useTitle("No such page");
  return (
    <main className="grid h-full place-items-center p-6 text-center">
      <div>
        <h1>There is no such page</h1>
        <p className="mt-2"><Link to="/" className="text-accent underline">Go to the start page</Link></p>
      </div>
    </main>
  );
}

export function Crashed({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <main className="grid h-full place-items-center p-6 text-center">
      <div role="alert">
        <h1>This page could not be shown</h1>
        <p className="mt-2 text-muted">{reasonOf(error)}</p>
        <button type="button" className="btn mt-4" onClick={reset}>Try again</button>
      </div>
    </main>
  );
}
