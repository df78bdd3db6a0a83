// For admins: whether the server is well, and its own figures.
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { showCount } from "../lib/format";
import { Badge, Failed, Loading, Page, TablePanel } from "../ui/parts";

const kEveryMs = 5_000;

interface Metric {
  name: string;
  labels: string;
  help: string;
  value: number;
}

// The Prometheus text format, as far as this server writes it: gauges and counters.
function readMetrics(text: string): Metric[] {
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, help]) => [name!, help!]));
  return [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels, value]) => ({
    name: name!, labels: (labels ?? "").replaceAll('"', "").replaceAll("=", " "), help: helps.get(name!) ?? "", value: Number(value),
  }));
}

// The figures that an operator looks at first, by their metric's name and labels.
const first: [string, string][] = [
  ["Queued", "rowlane_jobs state queued"], ["Running", "rowlane_jobs state running"], ["Held", "rowlane_jobs state held"],
  ["Spreadsheets that wait", "rowlane_spreadsheets_waiting"], ["Oldest queued, seconds", "rowlane_oldest_queued_seconds"],
];
const keyOf = ({ name, labels }: Metric) => `${name} ${labels}`.trim();

export default function Operations() {
  const ready = useQuery({ queryKey: ["ready"], refetchInterval: kEveryMs, queryFn: () => unwrap(api.GET("/readyz")) });
  const metrics = useQuery({
    queryKey: ["metrics"],
    refetchInterval: kEveryMs,
    queryFn: async () => readMetrics(await unwrap(api.GET("/metrics", { parseAs: "text" }))),
  });
  return (
    <Page title="Operations">
      <section className="panel flex items-center gap-3 p-4" aria-label="Health" role="status">
        {ready.error ? <><Badge tone="bad">Not ready</Badge><span>The store does not answer.</span></> : <><Badge tone="good">Ready</Badge><span>Server and store answer.</span></>}
      </section>
      {metrics.data && (
        <dl className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-5">
          {first.map(([title, key]) => {
            const metric = metrics.data.find((one) => keyOf(one) === key);
            return <div key={key} className="panel flex flex-col justify-between gap-1 p-3"><dt className="text-muted">{title}</dt><dd className="text-lg font-semibold tabular-nums">{metric ? showCount(metric.value) : "–"}</dd></div>;
          })}
        </dl>
      )}
      {metrics.isPending && <Loading what="the figures" />}
      {metrics.error && <Failed error={metrics.error} again={() => void metrics.refetch()} />}
      {metrics.data && (
        <TablePanel label="Figures">
          <table className="table">
            <thead><tr><th scope="col">Figure</th><th scope="col">Meaning</th><th scope="col" className="num">Value</th></tr></thead>
            <tbody>{metrics.data.map(({ name, labels, help, value }) => <tr key={name + labels}><td><code>{name}</code>{labels && <div className="text-muted">{labels}</div>}</td><td>{help}</td><td className="num">{showCount(value)}</td></tr>)}</tbody>
          </table>
        </TablePanel>
      )}
    </Page>
  );
}
