// Reads a scope's events from the chain in bounded ranges, keeps them, and follows the chain through re-organisations.
import type { Hex } from "viem";
import { type ChainEvent, inOrder } from "./events";
import { absorbed, type Segment, type SegmentStore } from "./segments";
import { isUnreachable } from "./unreachable";

export interface Head {
  number: number;
  hash: Hex;
}

/** What a follower asks of the chain. */
export interface EventSource {
  /** The hash of a block; null when the chain has none of this number. */
  hashOf(block: number): Promise<Hex | null>;
  /** The scope's events of these blocks. `known` are those of earlier blocks, which may tell of contracts to ask. */
  read(from: number, to: number, known: readonly ChainEvent[]): Promise<ChainEvent[]>;
}

/** Told of one thing after the other: what takes its time returns a promise. */
export interface Listener {
  /** Forget what was told: these are all events up to now. */
  reset(events: readonly ChainEvent[]): unknown;
  append(events: readonly ChainEvent[]): unknown;
  /** Read up to `block` of `head`. */
  progress(block: number, head: number): unknown;
}

const FIRST_RANGE = 256;
const MOST_RANGE = 50_000;
/** A range should have so many events: an answer of some megabytes, which is read while the page hardly waits. */
const RANGE_EVENTS = 4_000;
const SEGMENT_EVENTS = 20_000;
/** Segments that end in the last so many blocks stay as they are: a re-organisation takes no more than these with it. */
const YOUNG_BLOCKS = 32;

export class Follower {
  private segments: Segment[] | null = null;
  /** The events of all segments. */
  private known: ChainEvent[] = [];
  private range = FIRST_RANGE;
  private running: Promise<void> = Promise.resolve();
  /** What begins when the running step has ended. */
  private next: { head: Head; done: Promise<void> } | null = null;

  constructor(
    private readonly scope: string,
    private readonly first: number,
    private readonly source: EventSource,
    private readonly store: SegmentStore,
    private readonly listener: Listener,
  ) {}

  /** Come to the state of `head`, or of a later one; calls wait for one another. Rejects when the chain does not answer. */
  follow(head: Head): Promise<void> {
    if (this.next !== null) {
      this.next.head = head;
      return this.next.done;
    }
    const begin = (): Promise<void> => {
      this.next = null;
      return this.step(next.head);
    };
    const next = { head, done: this.running.catch(() => undefined).then(begin) };
    this.next = next;
    this.running = next.done;
    return next.done;
  }

  private async step(head: Head): Promise<void> {
    const fresh = this.segments === null;
    const segments = this.segments ?? (await this.kept());
    const vanished = await this.takeVanished(segments, head);
    if (vanished.length > 0) await this.store.remove(this.scope, vanished);
    this.segments = segments;
    if (fresh || vanished.length > 0) {
      this.known = segments.flatMap(({ events }) => events);
      await this.listener.reset(this.known);
    }
    if (await this.readOn(segments, head)) this.listener.progress(head.number, head.number);
  }

  /** What is kept from the first block on without a gap; what else there is, as of another branch, is thrown away. */
  private async kept(): Promise<Segment[]> {
    const all = await this.store.read(this.scope);
    const good = contiguous(all, this.first);
    const useless = all.filter((segment) => !good.includes(segment)).map(({ from }) => from);
    if (useless.length > 0) await this.store.remove(this.scope, useless);
    return good;
  }

  /** Take off the end the segments whose last block the chain does not have any more. */
  private async takeVanished(segments: Segment[], head: Head): Promise<number[]> {
    const vanished: number[] = [];
    for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
      if (last.to === head.number ? last.hash === head.hash : last.to < head.number && (await this.has(last)))
        break;
      segments.pop();
      vanished.push(last.from);
    }
    return vanished;
  }

  private async has(segment: Segment): Promise<boolean> {
    return (await this.source.hashOf(segment.to)) === segment.hash;
  }

  /** Whether it came to the head. */
  private async readOn(segments: Segment[], head: Head): Promise<boolean> {
    for (;;) {
      const from = (segments.at(-1)?.to ?? this.first - 1) + 1;
      if (from > head.number) return true;
      const to = Math.min(head.number, from + this.range - 1);
      this.listener.progress(from - 1, head.number);
      const [events, hash] = await this.readRange(from, to, head);
      if (events === null) continue; // the range was halved
      if (hash === null) return false; // the chain changed while it was read: the next head begins at the right place
      await this.keep(segments, { scope: this.scope, from, to, hash, events });
      if (events.length > 0) await this.listener.append(events);
    }
  }

  private async readRange(from: number, to: number, head: Head): Promise<[ChainEvent[] | null, Hex | null]> {
    const hash = to === head.number ? head.hash : await this.source.hashOf(to);
    try {
      const events = (await this.source.read(from, to, this.known)).sort(inOrder);
      const wanted = Math.floor(((to - from + 1) * RANGE_EVENTS) / Math.max(1, events.length));
      this.range = Math.max(1, Math.min(MOST_RANGE, this.range * 4, wanted));
      return [events, (await this.source.hashOf(to)) === hash ? hash : null];
    } catch (error) {
      // An RPC may refuse so many blocks, or so many events; one that does not answer at all is not asked again.
      if (to === from || isUnreachable(error)) throw error;
      this.range = Math.max(1, (to - from + 1) >> 2);
      return [null, null];
    }
  }

  private async keep(segments: Segment[], next: Segment): Promise<void> {
    segments.push(next);
    for (const event of next.events) this.known.push(event);
    await this.store.put(next);
    const last = segments.findLastIndex(({ to }) => to <= next.to - YOUNG_BLOCKS);
    const sizes = segments.slice(0, last + 1).map(({ events }) => events.length);
    const taken = last < 1 ? 0 : absorbed(sizes.slice(0, -1), sizes[last] ?? 0, SEGMENT_EVENTS);
    if (taken === 0) return;
    const merged = segments.slice(last - taken, last + 1);
    const whole = mergedOf(merged);
    segments.splice(last - taken, taken + 1, whole);
    await this.store.put(whole);
  }
}

function mergedOf(segments: readonly Segment[]): Segment {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nothing to merge");
  return { ...last, from: first.from, events: segments.flatMap(({ events }) => events) };
}

/** The segments from the first block on, each beginning where the former one ends. */
function contiguous(segments: readonly Segment[], first: number): Segment[] {
  const good: Segment[] = [];
  for (const segment of segments) {
    if (segment.from === (good.at(-1)?.to ?? first - 1) + 1) good.push(segment);
  }
  return good;
}
