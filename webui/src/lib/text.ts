// Control characters, marks that turn the direction of writing, and what takes no space: strangers hide things in them.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A stranger's text as it may be shown: without what cannot be seen, of at most `most` characters. */
export function cleanText(value: unknown, most = 200): string {
  if (typeof value !== "string") return "";
  const head = value.slice(0, most * 4);
  const clean = [...head.replace(INVISIBLE, " ").replace(/\s+/g, " ").trim()];
  const cut = clean.length > most || head.length < value.length;
  return cut ? `${clean.slice(0, most - 1).join("")}…` : clean.join("");
}

/** A stranger's address of a page: only http and https, else nothing to click on. */
export function safeUrl(value: unknown): string | null {
  if (typeof value !== "string" || value.length > 512) return null;
  try {
    const url = new URL(value);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Count with its noun: "1 device", "3 devices". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
