// A local chain of a test's own, with the stack's contracts, which it may end and start anew under the same id.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import type { Hex } from "viem";
import { publicClient } from "./chain";

const RUN = new URL("../../tools/run", import.meta.url).pathname;
const READY_MS = 30_000;
/** A port that was free may be somebody else's before the chain listens on it. */
const TRIES = 5;
/** The contracts' first block is not later than this. */
const BLOCKS = 32;

type Ask = (request: { method: string; params: unknown[] }) => Promise<unknown>;

export class SpareChain {
  private child: ChildProcess | null = null;
  private started = false;

  private constructor(
    private port: number,
    private readonly state: Hex,
  ) {}

  static async make(): Promise<SpareChain> {
    return new SpareChain(await freePort(), await contractsOfStack());
  }

  get rpc(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * Start a chain whose first block is of that time, with what is on the stack's chain, but nothing of its history.
   * Only what was never started may come to another port: a page may know the address.
   */
  async start(genesis: number): Promise<void> {
    const options = [
      "--accounts",
      "40",
      "--gas-limit",
      "60000000",
      "--timestamp",
      String(genesis),
      "--quiet",
    ];
    const env = { ...process.env, DIES_WITH_PARENT: "1" };
    for (let tries = 1; ; tries++) {
      this.child = spawn(RUN, ["anvil", "--port", String(this.port), ...options], { stdio: "ignore", env });
      if (await this.ready(this.child, genesis)) break;
      if (tries === TRIES) throw new Error("anvil ends at once");
      if (!this.started) this.port = await freePort();
    }
    this.started = true;
    await this.ask("anvil_loadState", this.state);
    await this.ask("anvil_mine", BLOCKS);
  }

  ask(method: string, ...params: unknown[]): Promise<unknown> {
    return asker(this.rpc)({ method, params });
  }

  /** Have a page take this chain for its network. */
  async serve(page: Page, webSocket: boolean): Promise<void> {
    const ws = webSocket ? this.rpc.replace("http", "ws") : "";
    await page.route("**/config.json", async (route) => {
      const network = await (await route.fetch()).json();
      await route.fulfill({ json: { ...network, rpc: this.rpc, ws } });
    });
  }

  async end(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await gone;
  }

  /** Wait until the chain of this first block answers; false when it ended instead: its port was another's. */
  private async ready(child: ChildProcess, genesis: number): Promise<boolean> {
    const until = Date.now() + READY_MS;
    while (child.exitCode === null) {
      try {
        const { timestamp } = await publicClient(this.rpc).getBlock({ blockNumber: 0n });
        if (timestamp === BigInt(genesis)) return true;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
    return false;
  }
}

const asker = (rpc?: string) => publicClient(rpc).request as unknown as Ask;

async function contractsOfStack(): Promise<Hex> {
  const dump = (await asker()({ method: "anvil_dumpState", params: [] })) as Hex;
  const state = JSON.parse(gunzipSync(Buffer.from(dump.slice(2), "hex")).toString()) as object;
  const bare = { ...state, blocks: [], transactions: [], best_block_number: 0 };
  return `0x${gzipSync(JSON.stringify(bare)).toString("hex")}`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
