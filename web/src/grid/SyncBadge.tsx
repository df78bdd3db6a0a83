// Where a record stands towards the sheet.
import type { Customer } from "../api/client";
import { Badge } from "../ui/parts";
import { syncLook } from "./syncStates";

export function SyncBadge({ sync }: { sync: Customer["sync"] }) {
  const { tone, name, title } = syncLook(sync);
  return <Badge tone={tone} title={title}>{name}</Badge>;
}
