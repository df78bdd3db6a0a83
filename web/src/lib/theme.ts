// Dark or light: what the system says, until a person chooses.
import { Emitter } from "./emitter";

export type Theme = "light" | "dark" | "system";
const key = "rowlane.theme";
const changes = new Emitter<"">();
const dark = matchMedia("(prefers-color-scheme: dark)");

export const chosenTheme = (): Theme => (localStorage.getItem(key) as Theme | null) ?? "system";
export const isDark = () => (chosenTheme() === "system" ? dark.matches : chosenTheme() === "dark");

export function applyTheme() {
  document.documentElement.classList.toggle("dark", isDark());
  changes.emit("");
}
export function setTheme(theme: Theme) {
  localStorage.setItem(key, theme);
  applyTheme();
}
dark.addEventListener("change", applyTheme);
export const onTheme = (call: () => void) => changes.on("", call);
