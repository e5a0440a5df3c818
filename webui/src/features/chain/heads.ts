// The newest block: told by WebSocket where the chain has one, asked for where it has not, or has it no more.
import type { Hex } from "viem";
import { asObject, field, parseObject } from "@/lib/json";
import type { Head } from "./follower";

export interface BlockHead extends Head {
  time: number;
  /** The hash of the block before it. */
  parent: Hex;
}

export type Reach = "connecting" | "live" | "polling" | "gone";

interface Options {
  /** Empty: the chain is polled. */
  ws: string;
  latest: () => Promise<BlockHead>;
  pollMs: number;
  onHead: (head: BlockHead) => void;
  onReach: (reach: Reach) => void;
}

/** While the WebSocket tells of heads: in case it does not tell of one, as after a re-organisation. */
const SAFETY_MS = 5_000;
const RECONNECT_MS = 5_000;
/** Nobody who does not answer is asked more seldom. */
const GONE_MS = 5_000;

/** When to ask again after so many failures: each doubles the wait, and a browser writes each into its console. */
export function patience(pollMs: number, failures: number): number {
  return Math.max(pollMs, Math.min(GONE_MS, pollMs * 2 ** Math.min(failures, 10)));
}

export class HeadWatcher {
  private socket: WebSocket | null = null;
  private live = false;
  private stopped = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reconnect: ReturnType<typeof setTimeout> | undefined;
  private last: BlockHead | null = null;
  private failures = 0;

  constructor(private readonly options: Options) {}

  start(): void {
    this.open();
    void this.poll();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.reconnect);
    this.socket?.close();
  }

  /** Ask at once, e.g. after a transaction of one's own. */
  async poll(): Promise<void> {
    clearTimeout(this.timer);
    const before = this.last;
    try {
      const head = await this.options.latest();
      // What was told while it was asked for is newer; a chain that became shorter is seen by whoever asks afterwards.
      const late = this.last !== null && this.last !== before && head.number <= this.last.number;
      if (!late) this.tell(head);
      this.failures = 0;
      if (!this.stopped) this.options.onReach(this.live ? "live" : "polling");
    } catch {
      this.failures += 1;
      if (!this.stopped) this.options.onReach("gone");
    }
    clearTimeout(this.timer);
    const next = this.live && this.failures === 0 ? SAFETY_MS : patience(this.options.pollMs, this.failures);
    if (!this.stopped) this.timer = setTimeout(() => void this.poll(), next);
  }

  /** Tell of the newest block once more when it is heard of again. */
  forget(): void {
    this.last = null;
  }

  private tell(head: BlockHead): void {
    if (this.stopped || head.hash === this.last?.hash) return;
    this.last = head;
    this.options.onHead(head);
  }

  private open(): void {
    if (this.options.ws === "" || this.stopped) return;
    try {
      this.socket = new WebSocket(this.options.ws);
    } catch {
      return; // not to be had here: polling goes on
    }
    const socket = this.socket;
    const request = { jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: ["newHeads"] };
    socket.onopen = () => socket.send(JSON.stringify(request));
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = () => {
      if (this.stopped) return;
      this.live = false;
      this.reconnect = setTimeout(() => this.open(), RECONNECT_MS);
      void this.poll();
    };
  }

  private hear(data: unknown): void {
    const message = typeof data === "string" ? parseObject(data) : null;
    if (field(message, "id") === 1 && field(message, "result") !== undefined) this.live = true;
    const head = readHead(field(asObject(field(message, "params")), "result"));
    if (head !== null) this.tell(head);
  }
}

/** A block's header as JSON-RPC has it; null when it is none. */
export function readHead(value: unknown): BlockHead | null {
  const header = asObject(value);
  const keys = ["number", "hash", "timestamp", "parentHash"];
  const [number, hash, time, parent] = keys.map((key) => field(header, key));
  if (typeof number !== "string" || typeof hash !== "string" || typeof time !== "string") return null;
  if (typeof parent !== "string") return null;
  return { number: Number(number), hash: hash as Hex, time: Number(time), parent: parent as Hex };
}
