// Brings a deleted record back.
import { toast } from "sonner";
import { type Customer, api, json, reasonOf, unwrap } from "../api/client";
import { rows } from "../grid/rows";
import { queries } from "../lib/session";

// False: it was not possible, which has been told.
export async function restoreRecord({ id, name }: Customer): Promise<boolean> {
  try {
    await unwrap(api.POST("/api/insurance/customers/{id}/restore", { ...json, params: { path: { id } } }));
  } catch (error) {
    toast.error(`${name ?? "The record"} was not restored`, { description: reasonOf(error) });
    return false;
  }
  toast.success(`${name ?? "The record"} is back`, { description: "The sheet follows with your next sync." });
  for (const key of ["customer", "customers"]) void queries.invalidateQueries({ queryKey: [key] });
  await rows.refresh();
  return true;
}
