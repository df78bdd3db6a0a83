// Who did what, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "../api/client";
import { sentence } from "../lib/text";
import { showMoment } from "../lib/format";
import { Empty, Failed, Loading, Page, TablePanel } from "../ui/parts";

export default function Activity() {
  const activity = useInfiniteQuery({
    queryKey: ["activity"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => unwrap(api.GET("/api/insurance/activity", { params: { query: { limit: 100, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = activity.data?.pages.flatMap((page) => page.activity);
  return (
    <Page title="Activity">
      {activity.isPending && <Loading what="the activity" />}
      {activity.error && <Failed error={activity.error} again={() => void activity.refetch()} />}
      {list && (
        <TablePanel label="Activity">
          {list.length === 0 ? <Empty>Nothing has happened yet.</Empty> : (
            <table className="table table-stack">
              <thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Where</th></tr></thead>
              <tbody>
                {list.map(({ id, at, user, text, record, job }) => (
                  <tr key={id}>
                    <td className="whitespace-nowrap tabular-nums">{showMoment(at)}</td>
                    <td className="whitespace-nowrap">{user ?? "Rowlane"}</td>
                    <td data-wide>{sentence(text)}</td>
                    <td className="whitespace-nowrap">
                      {record && <Link to="/customers" search={{ record }} className="text-accent underline">open it</Link>}
                      {job && <Link to="/sync/$jobId" params={{ jobId: job }} className="text-accent underline">sync #{job}</Link>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </TablePanel>
      )}
      {activity.hasNextPage && <button type="button" className="btn self-start" onClick={() => void activity.fetchNextPage()}>Older activity</button>}
    </Page>
  );
}
