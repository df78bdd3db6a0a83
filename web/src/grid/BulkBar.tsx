// What can be done with the ticked records. They may be anywhere in the list, also where it was never looked at.
import { Pencil, Trash2, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { toast } from "sonner";
import { type Field, reasonOf } from "../api/client";
import { showCount } from "../lib/format";
import { deleteRecords } from "./edits";
import { useList } from "./rows";
import { ticks, useTickCount } from "./ticks";

const BulkDialog = lazy(() => import("./BulkDialog"));

export function BulkBar({ fields, tickAll }: { fields: Field[]; tickAll: () => void }) {
  const count = useTickCount();
  const list = useList();
  const [isEditing, setEditing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (count === 0) return null;
  const remove = async () => {
    setBusy(true);
    await deleteRecords(ticks.list()).catch((error: unknown) => toast.error("Nothing was deleted", { description: reasonOf(error) }));
    setBusy(false);
  };
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line bg-selected px-3 py-1.5 md:px-4" role="region" aria-label="Ticked records">
      <span className="font-semibold tabular-nums" role="status">{showCount(count)} ticked</span>
      {count < list.total && <button type="button" className="btn" onClick={tickAll}>Tick all {showCount(list.total)}</button>}
      <button type="button" className="btn" disabled={isBusy} onClick={() => setEditing(true)}><Pencil className="size-4" aria-hidden />Set a field</button>
      <button type="button" className="btn" disabled={isBusy} onClick={() => void remove()}><Trash2 className="size-4" aria-hidden />Delete</button>
      <button type="button" className="btn btn-plain" onClick={() => ticks.clear()}><X className="size-4" aria-hidden />Untick</button>
      <Suspense>{isEditing && <BulkDialog fields={fields} onClose={() => setEditing(false)} />}</Suspense>
    </div>
  );
}
