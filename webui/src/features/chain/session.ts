// One network as long as the page is open: its newest block, whether it answers, and whether it is still the same chain.
import type { Hex } from "viem";
import type { NetworkConfig } from "@/lib/runtime";
import { type ChainClient, createClient, LOCAL_CHAIN_ID } from "./client";
import { type Database, forgetOtherChain, openDatabase, StoredSegments } from "./database";
import { type BlockHead, HeadWatcher, type Reach, readHead } from "./heads";
import { MemorySegments, type SegmentStore } from "./segments";

export interface ChainStatus {
  reach: Reach;
  head: BlockHead | null;
  /** What the RPC says it is, when that is another chain than the configured one. */
  otherChain: number | null;
  /** The chain was started anew under its id: wallets still count by the old one. */
  restarted: boolean;
  /** Changes when everything that was read is void. */
  generation: number;
}

/** Of a chain that was started anew nothing is known yet, its newest block neither. */
const ANEW = { restarted: true, head: null, otherChain: null } as const;
const LOCAL_POLL_MS = 500;
const POLL_MS = 4_000;

export class ChainSession {
  readonly client: ChainClient;
  readonly ready: Promise<{ segments: SegmentStore; database: Database | null }>;
  private status: ChainStatus = {
    reach: "connecting",
    head: null,
    otherChain: null,
    restarted: false,
    generation: 0,
  };
  private readonly listeners = new Set<() => void>();
  private readonly heads: HeadWatcher;
  private genesis: Hex | null = null;
  /** Heads are looked at one after the other, as they came. */
  private taken: Promise<void> = Promise.resolve();

  constructor(readonly network: NetworkConfig) {
    this.client = createClient(network);
    this.ready = openDatabase()
      .then((database) => ({ segments: new StoredSegments(database), database }))
      .catch(() => ({ segments: new MemorySegments(), database: null })); // a browser that keeps nothing
    this.heads = new HeadWatcher({
      ws: network.ws,
      latest: () => this.latest(),
      pollMs: network.chainId === LOCAL_CHAIN_ID ? LOCAL_POLL_MS : POLL_MS,
      onHead: (head) => {
        const take = () => this.onHead(head);
        this.taken = this.taken.then(take, take);
      },
      onReach: (reach) => this.change({ reach }),
    });
  }

  start(): void {
    this.heads.start();
  }

  stop(): void {
    this.heads.stop();
    void this.ready.then(({ database }) => database?.close());
  }

  /** Ask for the newest block now. */
  refresh(): Promise<void> {
    return this.heads.poll();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): ChainStatus => this.status;

  /** Nobody needs to be told any more that the chain was started anew. */
  readonly acknowledge = (): void => this.change({ restarted: false });

  private async latest(): Promise<BlockHead> {
    const block = await this.client.request({ method: "eth_getBlockByNumber", params: ["latest", false] });
    const head = readHead(block);
    if (head === null) throw new Error("the RPC answers no block");
    return head;
  }

  private async onHead(head: BlockHead): Promise<void> {
    // What is not the next block of the known one may be of another chain.
    const next = this.genesis !== null && head.parent === this.status.head?.hash;
    if (!next && !(await this.isKnown().catch(() => false))) return this.heads.forget();
    this.change({ head });
  }

  /** Whether the chain is the configured one; what was kept of another one of this id is thrown away. */
  private async isKnown(): Promise<boolean> {
    const [chainId, first] = await Promise.all([
      this.client.getChainId(),
      this.client.request({ method: "eth_getBlockByNumber", params: ["0x0", false] }),
    ]);
    if (chainId !== this.network.chainId) {
      this.change({ otherChain: chainId });
      return false;
    }
    const genesis = first?.hash ?? null;
    if (genesis === null) return false;
    const { database } = await this.ready;
    const forgotten = database !== null && (await forgetOtherChain(database, chainId, genesis));
    const restarted = forgotten || (this.genesis !== null && this.genesis !== genesis);
    this.genesis = genesis;
    if (restarted) this.change({ ...ANEW, generation: this.status.generation + 1 });
    else if (this.status.otherChain !== null) this.change({ otherChain: null });
    return true;
  }

  private change(part: Partial<ChainStatus>): void {
    const next = { ...this.status, ...part };
    const same = (Object.keys(next) as (keyof ChainStatus)[]).every((key) => next[key] === this.status[key]);
    if (same) return;
    this.status = next;
    for (const listener of this.listeners) listener();
  }
}
