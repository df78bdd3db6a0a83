import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, json, reasonOf, unwrap } from "../api/client";
import { meQuery, queries } from "../lib/session";
import { setSignedIn } from "../lib/signedIn";
import { useTitle } from "../ui/parts";

const route = getRouteApi("/sign-in");

export default function SignIn() {
  useTitle("Sign in");
  const { to } = route.useSearch();
  const router = useRouter();
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError("");
    try {
      const { user } = await unwrap(api.POST("/api/auth/login", { ...json, body: { email: String(form.get("email")).trim(), password: String(form.get("password")) } }));
      queries.clear();
      setSignedIn(true);
      queries.setQueryData(meQuery.queryKey, user);
      router.history.replace(to ?? "/");
    } catch (problem) {
      setError(reasonOf(problem));
      setBusy(false);
    }
  };
  return (
    <main className="grid min-h-full place-items-center p-4">
      <form onSubmit={(event) => void signIn(event)} className="panel grid w-full max-w-sm gap-4 p-6 shadow-sm">
        <div className="flex items-center gap-3"><img src="/icon.svg" alt="" className="size-9" /><div><h1>Rowlane</h1><p className="text-muted">Sign in to your agency</p></div></div>
        <label className="grid gap-1">E-mail<input name="email" type="email" className="field h-9" autoComplete="username" required autoFocus /></label>
        <label className="grid gap-1">Password<input name="password" type="password" className="field h-9" autoComplete="current-password" required /></label>
        {error && <p className="rounded-md bg-bad-soft p-2 text-bad" role="alert">{error}</p>}
        <button type="submit" className="btn btn-primary h-9" disabled={isBusy}>Sign in</button>
      </form>
    </main>
  );
}
