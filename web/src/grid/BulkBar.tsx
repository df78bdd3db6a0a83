// What can be done with the ticked records. They may be anywhere in the list.
import { Pencil, Trash2, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { toast } from "sonner";
import { type Field, reasonOf } from "../api/client";
import { showCount } from "../lib/format";
import { deleteRecords } from "./edits";
import { rows, useList } from "./rows";
import { ticks, useTickCount } from "./ticks";

const BulkDialog = lazy(() => import("./BulkDialog"));

export function BulkBar({ fields }: { fields: Field[] }) {
  const count = useTickCount();
  const list = useList();
  const [isEditing, setEditing] = useState(false);
  if (count === 0) return null;
  const known = rows.knownIds();
  const remove = () => deleteRecords(ticks.list()).catch((error: unknown) => toast.error("Nothing was deleted", { description: reasonOf(error) }));
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line bg-selected px-3 py-1.5 md:px-4" role="region" aria-label="Ticked records">
      <span className="font-semibold" role="status">{showCount(count)} ticked</span>
      {known.length === list.total && count < list.total && <button type="button" className="btn" onClick={() => ticks.set(known, true)}>Tick all {showCount(list.total)}</button>}
      <button type="button" className="btn" onClick={() => setEditing(true)}><Pencil className="size-4" aria-hidden />Set a field</button>
      <button type="button" className="btn" onClick={remove}><Trash2 className="size-4" aria-hidden />Delete</button>
      <button type="button" className="btn btn-plain" onClick={() => ticks.clear()}><X className="size-4" aria-hidden />Untick</button>
      <Suspense>{isEditing && <BulkDialog fields={fields} onClose={() => setEditing(false)} />}</Suspense>
    </div>
  );
}
