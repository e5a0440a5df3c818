// A chain of numbered blocks for tests: each has a branch, which its hash tells, and at most some events.
import { type Hex, HttpRequestError, numberToHex } from "viem";
import type { ChainEvent } from "./events";
import type { EventSource, Head } from "./follower";

export class TestChain implements EventSource {
  readonly asked: [number, number][] = [];
  /** How many blocks one request may span. */
  mostBlocks = Number.POSITIVE_INFINITY;
  reachable = true;
  /** Called in the middle of a reading. */
  meanwhile: (() => void) | null = null;
  private blocks: { branch: number; events: ChainEvent[] }[] = [];

  constructor(blocks: number) {
    this.mine(blocks);
  }

  get head(): Head {
    const number = this.blocks.length - 1;
    return { number, hash: this.hash(number) ?? "0x" };
  }

  /** Add blocks; every one tells of a miner that returned, whose index is the block's number. */
  mine(count: number, branch = 0): void {
    for (let added = 0; added < count; added += 1) {
      const block = this.blocks.length;
      this.blocks.push({ branch, events: [returned(block, branch)] });
    }
  }

  /** Replace the last blocks by as many others, or by more or fewer. */
  reorganise(depth: number, branch: number, count = depth): void {
    this.blocks = this.blocks.slice(0, this.blocks.length - depth);
    this.mine(count, branch);
  }

  async hashOf(block: number): Promise<Hex | null> {
    this.check();
    return this.hash(block);
  }

  async read(from: number, to: number): Promise<ChainEvent[]> {
    this.check();
    this.asked.push([from, to]);
    if (to - from + 1 > this.mostBlocks) throw new Error("query exceeds the limit");
    const events = this.blocks.slice(from, to + 1).flatMap((block) => block.events);
    this.meanwhile?.();
    this.meanwhile = null;
    return events;
  }

  private hash(block: number): Hex | null {
    const found = this.blocks[block];
    // A hash is of all blocks before it: the branches up to here are in it.
    return found === undefined
      ? null
      : `0x${this.blocks
          .slice(0, block + 1)
          .map((b) => b.branch)
          .join("")}${block}`;
  }

  private check(): void {
    if (!this.reachable) throw new HttpRequestError({ url: "http://gone" });
  }
}

/** An event that carries its block and branch. */
export function returned(block: number, branch: number): ChainEvent {
  return {
    name: "MinerReturned",
    args: { index: block },
    address: "0x0000000000000000000000000000000000000001",
    block,
    index: branch,
    tx: numberToHex(block, { size: 32 }),
    time: block,
  };
}
