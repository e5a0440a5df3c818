import { useCallback, useEffect, useState } from "react";
import { asObject, parseObject } from "@/lib/json";
import { type Draft, USUAL } from "./draft";

const KEY = "minerva.draft";
const MOST_CHARACTERS = 2_000_000;

/** What was typed so far; it outlasts a reload of the tab. CIDs in the page's address go before. */
export function useDraft(query: URLSearchParams) {
  const [draft, setDraft] = useState<Draft>(() => ({ ...kept(), ...named(query) }));
  useEffect(() => {
    setDraft((before) => ({ ...before, ...named(query) }));
  }, [query]);
  useEffect(() => {
    const text = JSON.stringify(draft);
    if (text.length <= MOST_CHARACTERS) sessionStorage.setItem(KEY, text);
  }, [draft]);
  const set = useCallback((key: string, value: string) => {
    setDraft((before) => ({ ...before, [key]: value }));
  }, []);
  const reset = useCallback(() => setDraft(USUAL), []);
  return { draft, set, reset };
}

function kept(): Draft {
  const stored = asObject(parseObject(sessionStorage.getItem(KEY) ?? "{}")) ?? {};
  const known = Object.keys(USUAL).map((key) => [key, Object.hasOwn(stored, key) ? stored[key] : undefined]);
  const texts = known.filter(([, value]) => typeof value === "string");
  return { ...USUAL, ...Object.fromEntries(texts) };
}

function named(query: URLSearchParams): Draft {
  const given = ["manifest", "model"].flatMap((key) => {
    const value = query.get(key);
    return value === null ? [] : [[key, value.slice(0, 100)]];
  });
  return Object.fromEntries(given);
}
