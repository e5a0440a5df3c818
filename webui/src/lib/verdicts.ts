// Verdict bytes and what all ballots of a round decide together (docs/SPECIFICATION.md, R4 and R5).
import { REASONS } from "@/generated/reasons";

const ACCEPT_FROM = 64;
/** An acceptance where usefulness is not judged. */
export const ACCEPT = 255;

export interface Outcome {
  accepted: boolean;
  /** 0 to 191 when accepted. */
  quality: number;
  /** The refusal's code; 0 when accepted, or when nobody refused. */
  reason: number;
}

export interface Ballot {
  weight: number;
  verdict: number;
}

/** The reason for a refusal in words, also for a code of a later version. */
export function reasonWords(code: number): string {
  if (code === 0) return "no majority accepted it, and nobody gave a reason";
  return REASONS[code]?.words ?? `reason ${code}, unknown to this version`;
}

/** One miner's verdict in words. */
export function verdictWords(verdict: number): string {
  if (verdict === ACCEPT) return "accepted";
  if (verdict >= ACCEPT_FROM) return `accepted, quality ${verdict - ACCEPT_FROM} of 190`;
  return reasonWords(verdict);
}

export function accepts(verdict: number): boolean {
  return verdict >= ACCEPT_FROM;
}

/** Decide one update by the ballots cast on it. */
export function decide(ballots: readonly Ballot[]): Outcome {
  const total = sum(ballots);
  const accepting = ballots.filter(({ verdict }) => accepts(verdict)).sort((a, b) => a.verdict - b.verdict);
  const weight = sum(accepting);
  if (2 * weight > total) {
    let seen = 0;
    for (const ballot of accepting) {
      seen += ballot.weight;
      if (2 * seen >= weight) return { accepted: true, quality: ballot.verdict - ACCEPT_FROM, reason: 0 };
    }
  }
  const refusals = new Map<number, number>();
  for (const ballot of ballots) {
    if (!accepts(ballot.verdict))
      refusals.set(ballot.verdict, (refusals.get(ballot.verdict) ?? 0) + ballot.weight);
  }
  const [first] = [...refusals].sort(([a, one], [b, other]) => other - one || a - b);
  return { accepted: false, quality: 0, reason: first?.[0] ?? 0 };
}

function sum(ballots: readonly Ballot[]): number {
  return ballots.reduce((total, { weight }) => total + weight, 0);
}
