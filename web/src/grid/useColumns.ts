// A person's own choice of columns, kept in the browser, and whether the window is a phone's.
import { useSyncExternalStore } from "react";
import { Emitter } from "../lib/emitter";

const key = "rowlane.columns";
const kNarrow = matchMedia("(width < 40rem)"); // a phone: the sheet's state is a dot there, and the name shorter
const subscribeNarrow = (call: () => void) => {
  kNarrow.addEventListener("change", call);
  return () => kNarrow.removeEventListener("change", call);
};
export const useIsNarrow = () => useSyncExternalStore(subscribeNarrow, () => kNarrow.matches);

const changes = new Emitter<"">();
let chosen: string[] | null = JSON.parse(localStorage.getItem(key) ?? "null") as string[] | null;

export function chooseColumns(names: string[] | null) {
  chosen = names;
  if (names) localStorage.setItem(key, JSON.stringify(names));
  else localStorage.removeItem(key);
  changes.emit("");
}
export const useChosen = () => useSyncExternalStore((call) => changes.on("", call), () => chosen);
