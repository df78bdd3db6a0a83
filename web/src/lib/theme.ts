// Dark or light: what the system says, until a person chooses.
import { useSyncExternalStore } from "react";
import { Emitter } from "./emitter";

export type Theme = "light" | "dark" | "system";
const key = "rowlane.theme";
const changes = new Emitter<"">();
const dark = matchMedia("(prefers-color-scheme: dark)");

const chosen = (): Theme => (localStorage.getItem(key) as Theme | null) ?? "system";
export const isDark = () => (chosen() === "system" ? dark.matches : chosen() === "dark");

export function applyTheme() {
  document.documentElement.classList.toggle("dark", isDark());
  changes.emit("");
}
export function setTheme(theme: Theme) {
  localStorage.setItem(key, theme);
  applyTheme();
}
dark.addEventListener("change", applyTheme);
const subscribe = (call: () => void) => changes.on("", call);
export const useTheme = () => useSyncExternalStore(subscribe, chosen);
export const useIsDark = () => useSyncExternalStore(subscribe, isDark);
