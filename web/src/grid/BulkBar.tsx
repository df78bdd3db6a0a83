// What can be done with the ticked records. They may be anywhere in the list, also where it was never looked at.
import { Pencil, Trash2, X } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { toast } from "sonner";
import { type Field, reasonOf } from "../api/client";
import { showCount } from "../lib/format";
import { deleteRecords, Progress } from "./edits";
import { useList } from "./rows";
import { ticks, useTickCount } from "./ticks";

const kToldOver = 500; // a deletion of fewer is over before it could be told
const BulkDialog = lazy(() => import("./BulkDialog"));

export function BulkBar({ fields, tickAll }: { fields: Field[]; tickAll: () => void }) {
  const count = useTickCount();
  const list = useList();
  const [isEditing, setEditing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (count === 0) return null;
  const remove = async () => {
    setBusy(true);
    const ids = ticks.list();
    const told = "delete-progress";
    const progress: Progress = new Progress((done) => {
      if (ids.length <= kToldOver) return;
      toast.loading("Deleting", { id: told, description: `${showCount(done)} of ${showCount(ids.length)} records`, duration: Number.POSITIVE_INFINITY, action: { label: "Cancel", onClick: () => progress.stop() } });
    });
    await deleteRecords(ids, progress).catch((error: unknown) => toast.error("Nothing was deleted", { description: reasonOf(error), duration: Number.POSITIVE_INFINITY }));
    toast.dismiss(told);
    setBusy(false);
  };
  // Beside the views, and no higher than they are: the first tick moves no row.
  return (
    <div className="flex h-8 shrink-0 items-center gap-1 rounded-md bg-selected px-1.5 sm:gap-1.5" role="region" aria-label="Ticked records">
      <span className="font-semibold whitespace-nowrap tabular-nums" role="status">{showCount(count)} ticked</span>
      {count < list.total && <button type="button" className="btn h-7 max-sm:px-2" onClick={tickAll}><span className="max-sm:sr-only">Tick</span> all {showCount(list.total)}</button>}
      <BarButton name="Set a field" icon={<Pencil className="size-4" aria-hidden />} isBusy={isBusy} onClick={() => setEditing(true)} />
      <BarButton name="Delete" icon={<Trash2 className="size-4" aria-hidden />} isBusy={isBusy} onClick={() => void remove()} />
      <BarButton name="Untick" icon={<X className="size-4" aria-hidden />} isBusy={false} onClick={() => ticks.clear()} />
      <Suspense>{isEditing && <BulkDialog fields={fields} onClose={() => setEditing(false)} />}</Suspense>
    </div>
  );
}

function BarButton({ name, icon, isBusy, onClick }: { name: string; icon: ReactNode; isBusy: boolean; onClick: () => void }) {
  return <button type="button" className="btn h-7 max-sm:px-2" disabled={isBusy} onClick={onClick}>{icon}<span className="max-sm:sr-only">{name}</span></button>;
}
