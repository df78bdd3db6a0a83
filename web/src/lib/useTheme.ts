import { useSyncExternalStore } from "react";
import { chosenTheme, isDark, onTheme } from "./theme";

export const useTheme = () => useSyncExternalStore(onTheme, chosenTheme);
export const useIsDark = () => useSyncExternalStore(onTheme, isDark);
