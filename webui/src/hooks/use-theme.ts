import { useEffect, useState } from "react";

export type Theme = "light" | "dark";

const KEY = "minerva.theme";
const DARK = "(prefers-color-scheme: dark)";

function current(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") return kept;
  return window.matchMedia(DARK).matches ? "dark" : "light";
}

/** Light or dark: as the system says until the user says otherwise. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(current);
  useEffect(() => {
    const system = window.matchMedia(DARK);
    const follow = () => setTheme(current());
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const toggle = () => {
    const next = theme === "light" ? "dark" : "light";
    localStorage.setItem(KEY, next);
    setTheme(next);
  };
  return [theme, toggle];
}
