// The pages and their addresses. Everything but sign-in asks first who is there, and comes back to the same place.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { ApiError, type User, whenSignedOut } from "./api/client";
import { openPage, whenOpened } from "./lib/navigate";
import { enterAs } from "./lib/person";
import { configQuery, meQuery, queries } from "./lib/session";
import { maySignedIn, setSignedIn } from "./lib/signedIn";
import { readView } from "./lib/view";
import { Crashed, NotFound } from "./ui/Errors";
import { Shell } from "./ui/Shell";
import Customers from "./pages/Customers";
import { Loading } from "./ui/parts";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Crashed });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { to?: string } => (typeof search.to === "string" && /^\/(?!\/)/.test(search.to) ? { to: search.to } : {}),
  // Back from the first page leads to no form that asks again.
  beforeLoad: ({ search }) => {
    if (queries.getQueryData(meQuery.queryKey)) throw redirect({ to: search.to ?? "/", replace: true });
  },
  component: lazyRouteComponent(() => import("./pages/SignIn")),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: async ({ location }) => {
    const away = () => redirect({ to: "/sign-in", search: { to: location.href } });
    if (!queries.getQueryData(meQuery.queryKey) && !maySignedIn()) throw away();
    try {
      const [me] = await Promise.all([queries.ensureQueryData(meQuery), queries.ensureQueryData(configQuery)]);
      enterAs(me.id);
      return { me };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        setSignedIn(false);
        queries.removeQueries({ queryKey: meQuery.queryKey });
        throw away();
      }
      throw error;
    }
  },
});
// Who a page is for; whoever else has its address comes to their own start page.
type For = "all" | "records" | "admin";
const isFor = (who: For, role: User["role"]) => who === "all" || (who === "admin") === (role === "admin");
const page = <const P extends string>(path: P, who: For, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => inside,
    path,
    beforeLoad: ({ context }) => {
      if (!isFor(who, context.me.role)) throw redirect({ to: "/", replace: true });
    },
    component: lazyRouteComponent(load),
  });

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: ({ context }) => {
    throw redirect({ to: context.me.role === "admin" ? "/operations" : "/customers", replace: true });
  },
});
const customers = createRoute({
  getParentRoute: () => inside,
  path: "/customers",
  validateSearch: readView,
  beforeLoad: ({ context }) => {
    if (context.me.role === "admin") throw redirect({ to: "/operations", replace: true }); // an admin has no records
  },
  component: Customers,
});
const sync = page("/sync", "records", () => import("./pages/Sync"));
const job = page("/sync/$jobId", "records", () => import("./pages/Job"));
const bin = page("/bin", "records", () => import("./pages/Bin"));
const activity = page("/activity", "records", () => import("./pages/Activity"));
const users = page("/users", "all", () => import("./pages/Users"));
const spreadsheet = page("/spreadsheet", "all", () => import("./pages/Spreadsheet"));
const operations = page("/operations", "admin", () => import("./pages/Operations"));

export const router = createRouter({
  routeTree: root.addChildren([signIn, inside.addChildren([home, customers, bin, sync, job, activity, users, spreadsheet, operations])]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading what="the page" />,
  scrollRestoration: false,
});
declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

whenOpened((path) => void router.navigate({ to: path as never }));
// A session that ended: sign in again, and go on at the same place. What was typed stays in the page's memory.
whenSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in" || !queries.getQueryData(meQuery.queryKey)) return;
  queries.removeQueries({ queryKey: meQuery.queryKey });
  openPage(`/sign-in?to=${encodeURIComponent(href)}`);
});
