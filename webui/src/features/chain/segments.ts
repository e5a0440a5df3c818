// Events kept in this browser, in runs of blocks: a run knows the hash of its last block, and goes with it.
import type { Hex } from "viem";
import type { ChainEvent } from "./events";

/** All events of a scope from block `from` to block `to`, whose hash was `hash`. */
export interface Segment {
  scope: string;
  from: number;
  to: number;
  hash: Hex;
  events: ChainEvent[];
}

/** Where segments are kept; by scope and first block. */
export interface SegmentStore {
  read(scope: string): Promise<Segment[]>;
  /** Put one, and in the same step remove those that begin in its blocks, whoever put them there. */
  put(segment: Segment): Promise<void>;
  remove(scope: string, from: readonly number[]): Promise<void>;
}

/** For tests, and for browsers that keep nothing. */
export class MemorySegments implements SegmentStore {
  private readonly kept = new Map<string, Segment>();

  async read(scope: string): Promise<Segment[]> {
    return [...this.kept.values()]
      .filter((segment) => segment.scope === scope)
      .sort((a, b) => a.from - b.from);
  }

  async put(segment: Segment): Promise<void> {
    const { scope, from, to } = segment;
    const inside = (await this.read(scope)).filter((kept) => kept.from >= from && kept.from <= to);
    await this.remove(
      scope,
      inside.map((kept) => kept.from),
    );
    this.kept.set(`${scope}:${from}`, segment);
  }

  async remove(scope: string, from: readonly number[]): Promise<void> {
    for (const first of from) this.kept.delete(`${scope}:${first}`);
  }
}

/**
 * How many of the last segments the next one takes in: none much smaller than itself is left before it, so that their
 * number grows with the logarithm of the events, and a re-organised block takes few events with it.
 */
export function absorbed(sizes: readonly number[], size: number, most: number): number {
  let [taken, sum] = [0, size];
  for (let at = sizes.length - 1; at >= 0; at -= 1) {
    const before = sizes[at] ?? 0;
    if (before > 2 * sum || before + sum > most) break;
    sum += before;
    taken += 1;
  }
  return taken;
}
