// Renewals due: how many, and how much premium, in each span of time.
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { showCount, showMoney } from "../lib/format";
import { type Due, type View, listQuery } from "../lib/view";

const spans: { due: Due; name: string }[] = [
  { due: "overdue", name: "Overdue" }, { due: "7", name: "Next 7 days" }, { due: "30", name: "Next 30 days" }, { due: "60", name: "Next 60 days" },
];
function totalsOf(view: View, due: Due) {
  const { sort: _, ...query } = listQuery({ ...view, due });
  return unwrap(api.GET("/api/insurance/customers/totals", { params: { query } }));
}

export function Renewals({ view, onDue }: { view: View; onDue: (due: Due) => void }) {
  return (
    <div className="grid grid-cols-2 gap-2 md:grid-cols-4" role="group" aria-label="Renewals due">
      {spans.map(({ due, name }) => <Span key={due} due={due} name={name} view={view} isCurrent={view.due === due} onDue={onDue} />)}
    </div>
  );
}

function Span({ due, name, view, isCurrent, onDue }: { due: Due; name: string; view: View; isCurrent: boolean; onDue: (due: Due) => void }) {
  const { due: _, sort: __, ...rest } = view;
  const totals = useQuery({ queryKey: ["customers", "due", due, rest], queryFn: () => totalsOf(rest, due) });
  return (
    <button type="button" aria-pressed={isCurrent} onClick={() => onDue(due)} className={`panel flex flex-col justify-between gap-x-2 px-3 py-1.5 text-left sm:flex-row sm:items-baseline ${isCurrent ? "border-accent bg-soft" : "hover:bg-hover"}`}>
      <span className={due === "overdue" ? "text-bad" : "text-muted"}>{name}</span>
      <span className="whitespace-nowrap tabular-nums sm:text-right">
        <span className="block text-base font-semibold">{totals.data ? showCount(totals.data.count) : "…"}</span>
        <span className="block text-[0.86rem] text-muted">{totals.data ? `₹ ${showMoney(totals.data.premium)}` : "…"}</span>
      </span>
    </button>
  );
}
