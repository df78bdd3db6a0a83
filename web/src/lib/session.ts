// Who is signed in, and the agency as the server describes it.
import { QueryClient, queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { ApiError, api, unwrap } from "../api/client";

export const queries = new QueryClient({
  // What the server refuses it refuses again.
  defaultOptions: { queries: { retry: (count, error) => count < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500), staleTime: 30_000, refetchOnWindowFocus: false } },
});

export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
  queryFn: async () => (await unwrap(api.GET("/api/auth/me"))).user,
});
export const configQuery = queryOptions({
  queryKey: ["config"],
  staleTime: 60_000,
  queryFn: () => unwrap(api.GET("/api/insurance/config")),
});
export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: async () => {
    const all = [];
    for (let cursor: string | undefined; ; ) {
      const page = await unwrap(api.GET("/api/insurance/users", { params: { query: { limit: 200, cursor } } }));
      all.push(...page.users);
      if (!page.nextCursor) return all;
      cursor = page.nextCursor;
    }
  },
});
// A tab as people see it in the spreadsheet.
export const tabTitle = (key: string) =>
  queries.getQueryData(configQuery.queryKey)?.tabs.find((tab) => tab.key === key)?.title ?? key;
export const useMe = () => useSuspenseQuery(meQuery).data;
export const useConfig = () => useSuspenseQuery(configQuery).data;
