// Which columns the grid shows, and how wide.
import type { Field } from "../api/client";

const first = ["name", "mobile_number", "vertical", "current_policy_no", "company", "premium", "renewal_date", "status", "owner"];
const widths: Record<string, number> = {
  name: 200, mobile_number: 128, vertical: 110, current_policy_no: 168, company: 150, premium: 124, renewal_date: 112, status: 112, owner: 190, email: 200, notes: 240,
};
export const kTickWidth = 40;
const kNarrowNameWidth = 148;
export const syncWidth = (isNarrow: boolean) => (isNarrow ? 36 : 104);

export interface Column {
  field: Field;
  width: number;
  isEditable: boolean;
}
export const owner: Field = { name: "owner", type: "text", required: false, extra: false, choices: null };

// `fields` in the order that the server gives; the name is always there.
export function columnsOf(fields: Field[], names: string[] | null, withOwner: boolean, isNarrow: boolean): Column[] {
  const all = withOwner ? [...fields, owner] : fields;
  const wanted = new Set(names ?? first);
  const inOrder = names ? all : first.map((name) => all.find((field) => field.name === name)).filter((field) => field !== undefined);
  return inOrder
    .filter(({ name }) => name === "name" || wanted.has(name))
    .map((field) => ({ field, width: isNarrow && field.name === "name" ? kNarrowNameWidth : (widths[field.name] ?? (field.type === "date" ? 112 : 140)), isEditable: field !== owner }));
}
