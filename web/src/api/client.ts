// The server's interface, typed by its own openapi.json, and its errors.
import createClient from "openapi-fetch";
import { takeAnswer } from "../lib/firstAnswers";
import { sentence } from "../lib/text";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Customer = Schemas["Customer"];
export type Job = Schemas["Job"];
export type JobResult = Schemas["JobResult"];
export type User = Schemas["User"];
export type Config = Schemas["Config"];
export type Field = Config["fields"][number];
export type HistoryEntry = Schemas["HistoryEntry"];
export type ImportReport = Schemas["ImportReport"];
export type SyncStatus = Schemas["SyncStatus"];
export type SyncQueue = Schemas["SyncQueue"];

// A refusal by the server (`status`), or no answer at all (status 0).
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: { field?: string | null; line?: number; reason: string }[] = [],
  ) {
    super(message);
  }
}

const client = createClient<paths>({ baseUrl: "/", fetch: (request) => takeAnswer(request) ?? fetch(request) });
export { client as api };

let onSignedOut = () => {};
// Called when the server says that nobody is signed in.
export function whenSignedOut(call: () => void) {
  onSignedOut = call;
}

export const signedOut = () => onSignedOut();

type Answer<T> = { data?: T; error?: unknown; response: Response };

// The answer's data; an ApiError otherwise.
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new ApiError(0, "The server does not answer. Nothing was changed; try again in a moment.");
  }
  if (answer.response.ok) return answer.data as T;
  const { status } = answer.response;
  if (status === 401) signedOut();
  const problem = answer.error as { error?: string; errors?: { reason: string }[] } | undefined;
  const reasons = problem?.errors?.map(({ reason }) => sentence(reason)).join(" ");
  throw new ApiError(status, reasons || sentence(problem?.error) || `The server answered ${status}.`, problem?.errors);
}

export const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

// State changes by the session cookie carry a JSON content type, also without a body.
export const json = { headers: { "Content-Type": "application/json" } };
