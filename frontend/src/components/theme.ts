import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "dataloaf.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paper = window.matchMedia("print");
const listeners = new Set<() => void>();
let chosen: Theme = stored();

function stored(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    // A browser that keeps nothing follows the system.
    return "system";
  }
}

function apply() {
  if (chosen === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = chosen;
}

/** Puts the stored theme in force; called before the first render. */
export function startTheme() {
  apply();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  dark.addEventListener("change", tell);
  paper.addEventListener("change", tell);
  // Another tab's choice holds here too.
  window.addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    chosen = stored();
    apply();
    tell();
  });
}

export function chooseTheme(theme: Theme) {
  chosen = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Then it holds until the page is left.
  }
  apply();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme that was chosen. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => chosen);
}

/** The scheme in force, for what is not drawn by CSS. Paper is light. */
export function useScheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, () => {
    if (paper.matches) return "light";
    return chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  });
}
