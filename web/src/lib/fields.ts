// The fields of a record as people call them.
import type { Customer, Field } from "../api/client";
import type { Value } from "./format";

const labels: Record<string, string> = {
  name: "Name", mobile_number: "Mobile", email: "E-mail", current_policy_no: "Policy no.", company: "Company", registration_no: "Registration no.",
  premium: "Premium", premium_mode: "Premium mode", last_year_premium: "Last year's premium", renewal_date: "Renewal", od_expiry_date: "OD expiry", tp_expiry_date: "TP expiry",
  payment_date: "Paid on", policy_start_date: "Policy start", status: "Status", thank_you_sent: "Thank-you sent", new_policy_no: "New policy no.", new_company: "New company",
  product_type: "Product", product_model: "Model", vertical: "Vertical", notes: "Notes", cheque_no: "Cheque no.", bank_name: "Bank", customer_id: "Customer id",
  agent_code: "Agent code", g_code: "G code", dob: "Date of birth", gst_no: "GST no.", pancard: "PAN", aadhar_card: "Aadhaar", paid_by: "Paid by", owner: "Owner",
};
export const labelOf = (name: string) => labels[name] ?? name.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());

const verticals: Record<string, string> = { motor: "Motor", health: "Health", "non-motor": "Non-motor", "2-wheeler": "Two-wheeler", general: "General", life: "Life" };
export const verticalName = (key: string) => verticals[key] ?? key;

// Fields of an agency's own stand under `extra`.
export function fieldValue(customer: Customer, field: Field): Value {
  const from = (field.extra ? (customer.extra as Record<string, unknown> | null) : (customer as unknown as Record<string, unknown>)) ?? {};
  return from[field.name] as Value;
}
export function asChange(field: Field, value: Value): Record<string, unknown> {
  return field.extra ? { extra: { [field.name]: value ?? null } } : { [field.name]: value ?? null };
}
