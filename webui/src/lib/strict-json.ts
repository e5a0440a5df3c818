// JSON of strangers that must be exact: integers of any length, no key twice, no depth without end; never a float.
export class StrictJsonError extends Error {}

const MOST_DEPTH = 16;
const MOST_DIGITS = 80; // of 2^256 − 1 there are 78
const INTEGER = /-?(?:0|[1-9][0-9]*)/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Integers are numbers where these are exact, else bigints. Objects have no prototype. */
export type Strict = null | boolean | number | bigint | string | readonly Strict[] | StrictObject;
export interface StrictObject {
  readonly [key: string]: Strict;
}

/**
 * Read UTF-8 JSON; throws a `StrictJsonError` that says what is wrong with it.
 *
 * "canonical" also asks for the one form of RFC 8785: keys in their order, no white space, no needless escape (B4).
 */
export function parseStrict(data: Uint8Array, form: "canonical" | "any" = "any"): Strict {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new StrictJsonError("it is not UTF-8");
  }
  return new Reader(text, form === "canonical").document();
}

class Reader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly canonical: boolean,
  ) {}

  document(): Strict {
    const value = this.value(0);
    if (this.at < this.text.length) throw this.broken("something follows its end");
    return value;
  }

  private value(depth: number): Strict {
    if (depth > MOST_DEPTH) throw this.broken("it is nested too deep");
    this.space();
    const value = this.bare(depth);
    this.space();
    return value;
  }

  private bare(depth: number): Strict {
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.integer();
    }
  }

  private object(depth: number): StrictObject {
    const object: Record<string, Strict> = Object.create(null);
    let former: string | null = null;
    this.at += 1;
    this.space();
    while (!this.take("}")) {
      if (former !== null) this.expect(",");
      this.space();
      if (this.text[this.at] !== '"') throw this.broken("a key is no text");
      const key = this.string();
      if (Object.hasOwn(object, key)) throw this.broken("a key appears twice");
      if (this.canonical && former !== null && key < former)
        throw this.broken("its keys are not in their order");
      this.space();
      this.expect(":");
      object[key] = this.value(depth + 1);
      former = key;
    }
    return object;
  }

  private array(depth: number): Strict[] {
    const items: Strict[] = [];
    this.at += 1;
    this.space();
    while (!this.take("]")) {
      if (items.length > 0) this.expect(",");
      items.push(this.value(depth + 1));
    }
    return items;
  }

  private string(): string {
    const begin = this.at;
    let escaped = false;
    for (this.at += 1; this.text[this.at] !== '"'; this.at += 1) {
      if (this.at >= this.text.length) throw this.broken("a text has no end");
      if (this.text[this.at] === "\\") {
        escaped = true;
        this.at += 1;
      } else if (this.text.charCodeAt(this.at) < 0x20) throw this.broken("a text holds a control character");
    }
    this.at += 1;
    if (!escaped) return this.text.slice(begin + 1, this.at - 1);
    const raw = this.text.slice(begin, this.at);
    let value: string;
    try {
      value = JSON.parse(raw) as string;
    } catch {
      throw this.broken("a text has an escape that means nothing");
    }
    if (LONE_SURROGATE.test(value)) throw this.broken("a text holds half a character");
    if (this.canonical && JSON.stringify(value) !== raw)
      throw this.broken("a text is escaped where it need not be");
    return value;
  }

  private integer(): number | bigint {
    INTEGER.lastIndex = this.at;
    const [digits] = INTEGER.exec(this.text) ?? [];
    if (digits === undefined) throw this.broken("a value is missing");
    this.at += digits.length;
    if (/[.eE0-9]/.test(this.text[this.at] ?? "")) throw this.broken("a number is no integer");
    if (digits.length > MOST_DIGITS) throw this.broken("a number is too long");
    if (digits === "-0") {
      if (this.canonical) throw this.broken("zero has a sign");
      return 0;
    }
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.broken("a value is missing");
    this.at += word.length;
    return value;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.take(character)) throw this.broken(`'${character}' is missing`);
  }

  private space(): void {
    const begin = this.at;
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
    if (this.canonical && this.at > begin) throw this.broken("it has white space");
  }

  private broken(what: string): StrictJsonError {
    return new StrictJsonError(`${what} (at character ${this.at.toLocaleString("en")})`);
  }
}
