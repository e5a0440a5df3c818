// What the wizard asks for: every field with its default, its bounds and why one would change it (docs/SPECIFICATION.md, C, S1, Y1).
import { CONSENSUS_FIELDS, ROUND_FIELDS } from "./fields-rounds";
import { MEMBER_FIELDS, REWARD_FIELDS } from "./fields-terms";

export type StepName = "task" | "rounds" | "consensus" | "members" | "rewards";

/** A draft is texts as they were typed. */
export type Draft = Readonly<Record<string, string>>;

export interface Field {
  key: string;
  label: string;
  /** What it is for, and when another value than the default is right. */
  help: string;
  kind: "count" | "seconds" | "bytes" | "money" | "address" | "choice" | "list";
  usual: string;
  least?: number;
  /** A number, or the field whose value is the bound, halved for `fetchSeconds`. */
  most?: number | { of: string; half?: boolean };
  choices?: readonly (readonly [value: string, words: string])[];
  currency?: "stake" | "reward";
  /** Asked for only then. */
  when?: (draft: Draft) => boolean;
}

export interface Step {
  name: StepName;
  title: string;
  intro: string;
  fields: readonly Field[];
}

export const STEPS: readonly Step[] = [
  {
    name: "task",
    title: "Task",
    intro: "What is learned: the manifest and the genesis model, which are on IPFS already.",
    fields: [],
  },
  {
    name: "rounds",
    title: "Rounds",
    intro: "How many take part, and how long each phase of a round lasts.",
    fields: ROUND_FIELDS,
  },
  {
    name: "consensus",
    title: "Consensus",
    intro: "Which miner may propose the block of a round.",
    fields: CONSENSUS_FIELDS,
  },
  {
    name: "members",
    title: "Members",
    intro: "Who may join, and what miners put at stake.",
    fields: MEMBER_FIELDS,
  },
  {
    name: "rewards",
    title: "Rewards",
    intro: "What you pay for each round; nothing, if you leave the sum at 0.",
    fields: REWARD_FIELDS,
  },
];

export const FIELDS: readonly Field[] = STEPS.flatMap(({ fields }) => fields);

/** The client's defaults. */
export const USUAL: Draft = Object.fromEntries([
  ["manifest", ""],
  ["model", ""],
  ...FIELDS.map(({ key, usual }) => [key, usual]),
]);

export function textOf(draft: Draft, key: string): string {
  return Object.hasOwn(draft, key) ? (draft[key] ?? "") : "";
}

/** A whole number; NaN for anything else. */
export function numberOf(draft: Draft, key: string): number {
  const text = textOf(draft, key).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

export function isAsked(field: Field, draft: Draft): boolean {
  return field.when?.(draft) ?? true;
}

/** The most that a field may be; NaN where another field decides and is none itself. */
export function mostOf({ most }: Field, draft: Draft): number {
  if (most === undefined) return Number.MAX_SAFE_INTEGER;
  if (typeof most === "number") return most;
  const bound = numberOf(draft, most.of);
  return most.half ? Math.floor(bound / 2) : bound;
}
