import { useSyncExternalStore } from "react";
import { forget, recall, remember } from "../browser/index.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "wattline.theme";
// There is no `matchMedia` where the page is prerendered (src/prerender.ts).
const systemIsDark =
  typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const chosen = (): Theme => THEMES.find((theme) => theme === recall(KEY)) ?? "system";
const isDark = (): boolean =>
  chosen() === "dark" || (chosen() === "system" && systemIsDark?.matches === true);

let state = { theme: chosen(), dark: isDark() };

function refresh(): void {
  state = { theme: chosen(), dark: isDark() };
  document.documentElement.dataset.theme = state.dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

systemIsDark?.addEventListener("change", refresh);

/** Sets the theme: light, dark, or the system's. */
export function setTheme(theme: Theme): void {
  if (theme === "system") forget(KEY);
  else remember(KEY, theme);
  refresh();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const now = () => state;

export const useTheme = () => useSyncExternalStore(subscribe, now, now);
