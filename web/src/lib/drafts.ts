// What somebody has typed into a form that is not saved: kept in this window, for that person alone, so that a session
// that ended or a page that was loaded anew takes none of it.
import { currentPerson } from "./person";

const keyOf = (form: string) => `rowlane.draft.${currentPerson() ?? ""}.${form}`;

export function readDraft<T>(form: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "null") as T | null;
  } catch {
    return null;
  }
}
// null: there is nothing to keep any more.
export function keepDraft(form: string, draft: unknown) {
  try {
    if (draft === null) sessionStorage.removeItem(keyOf(form));
    else sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
  } catch {
    // storage may be switched off or full: the form itself still holds it
  }
}
