/** What a stranger's JSON holds under a key; never throws on its shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that some text or bytes hold; null when they hold something else. */
export function parseObject(source: string | Uint8Array): JsonObject | null {
  try {
    const text =
      typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source);
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The value under a key of the object itself, not of its prototype. */
export function field(object: JsonObject | null, key: string): unknown {
  return object !== null && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function arrayField(object: JsonObject | null, key: string, most: number): readonly unknown[] {
  const value = field(object, key);
  return Array.isArray(value) ? value.slice(0, most) : [];
}

export function integerField(object: JsonObject | null, key: string): number | null {
  const value = field(object, key);
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
