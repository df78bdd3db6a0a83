// What every page, and the list of customers, needs first. The page's first script asks for it while the rest of the
// program is still on its way; whoever needs an answer then takes it here, once.
import type { Page } from "../grid/rows";
import { kBlock, listQuery, type View } from "./view";

const answers = new Map<string, Promise<Response>>();
let block: { key: string; page: Promise<Page | null> } | null = null;

function ask(address: string): Promise<Response> {
  const answer = fetch(address);
  answer.catch(() => {}); // whoever takes it sees the failure
  return answer;
}

export function askWho() {
  for (const path of ["/api/auth/me", "/api/insurance/config"]) answers.set(path, ask(path));
}
export function takeAnswer({ method, url }: Request): Promise<Response> | undefined {
  const { pathname, search } = new URL(url);
  const answer = method === "GET" && search === "" ? answers.get(pathname) : undefined;
  answers.delete(pathname);
  return answer;
}

const keyOf = (query: ReturnType<typeof listQuery>) => JSON.stringify(query);

// The first rows of the list; null when they did not come.
export function askBlock(view: View): Promise<Page | null> {
  const query = listQuery(view);
  const parameters = new URLSearchParams({ offset: "0", limit: String(kBlock) });
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  const page = ask(`/api/insurance/customers?${parameters}`)
    .then((answer) => (answer.ok ? (answer.json() as Promise<Page>) : null))
    .catch(() => null);
  block = { key: keyOf(query), page };
  return page;
}
export async function takeBlock(query: ReturnType<typeof listQuery>): Promise<Page | null> {
  const taken = block?.key === keyOf(query) ? block.page : null;
  block = null;
  return taken;
}
