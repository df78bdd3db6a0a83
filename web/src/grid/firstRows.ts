import type { Column } from "./columns";
import type { RowView } from "./RowView";
export function takeFirstRows(_columns: Column[], _isNarrow: boolean): RowView[] { return []; }
