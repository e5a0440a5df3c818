// Names of aggregation rules, and how many updates they need (docs/SPECIFICATION.md, G1 and G3).

interface Known {
  /** 0: what devices do, 1: a mixer, 2: a rule, 3: a server optimiser. */
  place: 0 | 1 | 2 | 3;
  words: string;
  /** Default, least and most by key; without a default it is worked out from the number of updates. */
  parameters: Readonly<Record<string, readonly [number | null, number, number]>>;
}

const F = { f: [null, 0, 1e6] } as const;
const PERMILLE = [1000, 1, 1e6] as const;
const ADAPTIVE = {
  beta1: [900, 0, 999],
  beta2: [990, 0, 999],
  lr: [30, 1, 1e6],
  tau: [1, 1, 1e6],
} as const;

const KNOWN: Readonly<Record<string, Known>> = {
  client_momentum: {
    place: 0,
    words: "devices send the momentum of what they learnt",
    parameters: { beta: [900, 0, 999] },
  },
  nnm: { place: 1, words: "each update becomes the mean of those nearest to it", parameters: F },
  bucketing: {
    place: 1,
    words: "updates are averaged in small buckets first",
    parameters: { s: [2, 2, 1000] },
  },
  clip: {
    place: 1,
    words: "long updates are clipped to a multiple of the median length",
    parameters: { permille: PERMILLE },
  },
  fedavg: { place: 2, words: "the mean, weighted by samples; no defence", parameters: {} },
  median: { place: 2, words: "the median of each coordinate", parameters: {} },
  trimmed_mean: {
    place: 2,
    words: "each coordinate's mean without its extremes",
    parameters: F,
  },
  krum: { place: 2, words: "the one update that is closest to its neighbours", parameters: F },
  multi_krum: { place: 2, words: "the mean of the updates that Krum scores best", parameters: F },
  geometric_median: {
    place: 2,
    words: "the point of least total distance",
    parameters: { steps: [64, 1, 1000] },
  },
  centred_clipping: {
    place: 2,
    words: "last round's step, moved by the updates' clipped differences to it",
    parameters: { permille: PERMILLE, steps: [3, 1, 100] },
  },
  fedavgm: {
    place: 3,
    words: "with momentum on the server's side",
    parameters: { beta: [900, 0, 999], lr: PERMILLE },
  },
  fedadam: { place: 3, words: "stepping by Adam", parameters: ADAPTIVE },
  fedyogi: { place: 3, words: "stepping by Yogi", parameters: ADAPTIVE },
};

export interface Part {
  name: string;
  /** The parameters that differ from their defaults. */
  given: Readonly<Record<string, number>>;
}

/** What `minerva task publish` takes where no rule is named. */
export const USUAL_RULE = "nnm+geometric_median+fedavgm";

/** Read a rule's name; null when it names none. */
export function parseRule(text: string): readonly Part[] | null {
  if (text.length === 0 || text.length > 200) return null;
  const parts: Part[] = [];
  for (const word of text.split("+")) {
    const part = parsePart(word);
    if (part === null) return null;
    parts.push(part);
  }
  const last = parts.at(-1);
  if (last !== undefined && placeOf(last) === 3 && !parts.some((part) => placeOf(part) === 2)) {
    parts.splice(-1, 0, { name: "fedavg", given: {} });
  }
  const places = parts.map(placeOf);
  const ordered = places.every((place, at) => at === 0 || place >= (places[at - 1] ?? 0));
  const times = (wanted: number) => places.filter((place) => place === wanted).length;
  return ordered && times(0) <= 1 && times(2) === 1 && times(3) <= 1 ? parts : null;
}

/** The one text of a rule: keys sorted, defaults left out. */
export function ruleText(parts: readonly Part[]): string {
  const texts = parts.map(partText);
  const last = parts.at(-1);
  if (last !== undefined && placeOf(last) === 3 && texts.at(-2) === "fedavg") texts.splice(-2, 1);
  return texts.join("+");
}

/** What each part does, in words. */
export function ruleWords(parts: readonly Part[]): string {
  return parts.map(({ name }) => KNOWN[name]?.words ?? name).join("; then ");
}

/** Why so many updates can never be enough for the rule; null when they can. */
export function lacks(parts: readonly Part[], updates: number): string | null {
  let [count, what] = [updates, "updates"];
  for (const part of parts) {
    const extra = part.name === "krum" || part.name === "multi_krum" ? 3 : 1;
    const { f } = part.given;
    const needed = 2 * (f ?? 0) + extra;
    if ((f !== undefined || extra === 3) && count < needed) {
      const sum = f === undefined ? `${extra} even for f = 0` : `2 × ${f} + ${extra} = ${needed}`;
      return `${partText(part)} needs at least ${sum} ${what}, and gets ${count}`;
    }
    if (part.name === "bucketing") {
      const size = part.given.s ?? 2;
      const buckets = Math.ceil(count / size);
      if (buckets < 3)
        return `${partText(part)} needs at least 3 buckets, and ${count} ${what} make ${buckets}`;
      count = buckets;
      what = `buckets of ${updates} updates`;
    }
  }
  return null;
}

function parsePart(word: string): Part | null {
  const match = /^([a-z][a-z0-9_]*)(?::(.*))?$/s.exec(word);
  const name = match?.[1] ?? "";
  if (match === null || !Object.hasOwn(KNOWN, name)) return null;
  const parameters = KNOWN[name]?.parameters ?? {};
  const given = new Map<string, number>();
  const pairs = match[2]?.split(",") ?? [];
  for (const pair of pairs) {
    const found = /^([a-z][a-z0-9_]*)=(0|[1-9][0-9]{0,8})$/.exec(pair);
    const key = found?.[1] ?? "";
    if (found === null || !Object.hasOwn(parameters, key) || given.has(key)) return null;
    const [, least, most] = parameters[key] ?? [null, 0, 0];
    const value = Number(found[2]);
    if (value < least || value > most) return null;
    given.set(key, value);
  }
  const differing = [...given].filter(([key, value]) => value !== parameters[key]?.[0]);
  return { name, given: Object.fromEntries(differing) };
}

function partText({ name, given }: Part): string {
  const pairs = Object.entries(given)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? name : `${name}:${pairs.join(",")}`;
}

function placeOf({ name }: Part): number {
  return KNOWN[name]?.place ?? -1;
}
