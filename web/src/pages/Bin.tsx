// Deleted records, the latest first, each with its way back.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Customer, api, unwrap } from "../api/client";
import { verticalName } from "../lib/fields";
import { show, showCount, showMoment } from "../lib/format";
import { Empty, Failed, Loading, Page, TablePanel } from "../ui/parts";
import { restoreRecord } from "./restore";

const kPage = 100;

export default function Bin() {
  const bin = useInfiniteQuery({
    queryKey: ["customers", "deleted"],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/insurance/customers", { params: { query: { deleted: "1", sort: "-updated", limit: kPage, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = bin.data?.pages.flatMap((page) => page.customers);
  const total = bin.data?.pages[0]?.total ?? 0;
  return (
    <Page title="Deleted customers" actions={<Link to="/customers" className="btn">All customers</Link>}>
      <p className="text-muted">
        Records stay here for 90 days after they were deleted.{total > 0 && ` There ${total === 1 ? "is one" : `are ${showCount(total)}`} now.`}
      </p>
      {bin.isPending && <Loading what="deleted customers" />}
      {bin.error && <Failed error={bin.error} again={() => void bin.refetch()} />}
      {list && (
        <TablePanel label="Deleted customers">
          {list.length === 0 ? <Empty>Nothing was deleted.</Empty> : <BinTable list={list} />}
        </TablePanel>
      )}
      {bin.hasNextPage && <button type="button" className="btn self-start" onClick={() => void bin.fetchNextPage()}>Deleted earlier</button>}
    </Page>
  );
}

function BinTable({ list }: { list: Customer[] }) {
  return (
    <table className="table table-stack">
      <thead>
        <tr><th scope="col">Customer</th><th scope="col">Policy no.</th><th scope="col">Vertical</th><th scope="col" className="num">Premium</th><th scope="col">Deleted</th><th scope="col"><span className="sr-only">Actions</span></th></tr>
      </thead>
      <tbody>
        {list.map((record) => (
          <tr key={record.id}>
            <td><Link to="/customers" search={{ record: record.id }} className="text-accent underline">{record.name}</Link></td>
            <td className="whitespace-nowrap">{record.current_policy_no}</td>
            <td className="whitespace-nowrap">{verticalName(record.vertical ?? "")}</td>
            <td className="num whitespace-nowrap">{show("money", record.premium)}</td>
            <td className="whitespace-nowrap tabular-nums">{showMoment(record.deletedAt!)}<div className="text-muted">{record.updatedBy ?? ""}</div></td>
            <td className="text-right max-sm:ml-auto"><RestoreButton record={record} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RestoreButton({ record }: { record: Customer }) {
  const [isBusy, setBusy] = useState(false);
  const restore = async () => {
    setBusy(true);
    await restoreRecord(record);
    setBusy(false);
  };
  return <button type="button" className="btn" disabled={isBusy} onClick={() => void restore()}>Restore<span className="sr-only"> {record.name}</span></button>;
}
