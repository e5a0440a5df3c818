// A record that events make, kept up to date while somebody looks at it.
import type { ChainEvent } from "./events";
import { type EventSource, Follower } from "./follower";
import type { ChainSession } from "./session";
import { isUnreachable } from "./unreachable";

/** Makes a record of events, one after the other. */
export interface Fold<T> {
  apply(event: ChainEvent): void;
  /** The record as it is now; what did not change since the last one is the same object. */
  snapshot(): T;
}

export interface FeedState<T> {
  /** Null until the first events are read. */
  record: T | null;
  /** Whether all events up to the chain's head are in. */
  complete: boolean;
  /** How much of the chain is read, 0 to 1. */
  progress: number;
  /** Why it does not go on; null when it does, or when nobody answers, which the session tells. */
  error: string | null;
}

interface Options<T> {
  session: ChainSession;
  scope: string;
  first: number;
  source: () => EventSource;
  fold: () => Fold<T>;
}

const UNREAD = { record: null, complete: false, progress: 0, error: null } as const;
/** So many events are folded before the page may answer again. */
const SLICE = 4_000;
/** While there is much to read, the page is told of it no more often. */
const TELL_MS = 500;

export class Feed<T> {
  private state: FeedState<T> = UNREAD;
  private readonly listeners = new Set<() => void>();
  private follower: Promise<Follower> | null = null;
  private generation = -1;
  private fold: Fold<T>;
  private leave: (() => void) | null = null;
  private told = 0;

  constructor(private readonly options: Options<T>) {
    this.fold = options.fold();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    if (this.leave === null) {
      this.leave = this.options.session.subscribe(() => void this.follow());
      void this.follow();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) {
        this.leave?.();
        this.leave = null;
      }
    };
  };

  readonly snapshot = (): FeedState<T> => this.state;

  private async follow(): Promise<void> {
    const { head, generation } = this.options.session.snapshot();
    if (this.generation !== generation) {
      this.generation = generation;
      this.follower = null;
      if (this.state !== UNREAD) this.change(UNREAD);
    }
    if (head === null) return;
    this.follower ??= this.begin(generation);
    try {
      await (await this.follower).follow(head);
      if (this.state.error !== null) this.change({ error: null });
    } catch (error) {
      if (!isUnreachable(error))
        this.change({ error: error instanceof Error ? error.message : String(error) });
    }
  }

  private async begin(generation: number): Promise<Follower> {
    const { session, scope, first, source } = this.options;
    const { segments } = await session.ready;
    const current = () => this.generation === generation; // a chain that is no more has nothing to tell
    return new Follower(scope, first, source(), segments, {
      reset: (events) => this.take(events, this.options.fold(), current),
      append: (events) => this.take(events, this.fold, current),
      progress: (block, head) => current() && this.reached(block, head),
    });
  }

  private async take(events: readonly ChainEvent[], fold: Fold<T>, current: () => boolean): Promise<void> {
    for (let from = 0; from < events.length; from += SLICE) {
      if (from > 0) await new Promise((resolve) => setTimeout(resolve));
      if (!current()) return;
      for (const event of events.slice(from, from + SLICE)) fold.apply(event);
    }
    if (!current()) return;
    this.fold = fold;
    const now = performance.now();
    if (!this.state.complete && this.state.record !== null && now - this.told < TELL_MS) return;
    this.told = now;
    this.change({ record: fold.snapshot() });
  }

  private reached(block: number, head: number): void {
    const { first } = this.options;
    const complete = block >= head;
    const progress = complete ? 1 : (block - first) / Math.max(1, head - first);
    if (complete !== this.state.complete || Math.abs(progress - this.state.progress) > 0.01) {
      this.change({
        complete: complete || this.state.complete,
        progress,
        record: complete || this.state.record === null ? this.fold.snapshot() : this.state.record,
      });
    }
  }

  private change(part: Partial<FeedState<T>>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
