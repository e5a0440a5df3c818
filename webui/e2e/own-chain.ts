// A chain of a test's own: an anvil that goes on from the stack's state, so that it can go back, and be crowded.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { stack } from "./stack";

const ANVIL = new URL("../../tools/bin/anvil", import.meta.url).pathname;
const LISTENING = /Listening on 127\.0\.0\.1:(\d+)/;

export class OwnChain {
  private constructor(
    readonly rpc: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<OwnChain> {
    const folder = mkdtempSync(join(tmpdir(), "minerva-e2e-chain-"));
    const file = join(folder, "state.json");
    const dump = String(await ask(stack().rpc, "anvil_dumpState"));
    writeFileSync(file, gunzipSync(Buffer.from(dump.slice(2), "hex")));
    const words = ["--port", "0", "--accounts", "40", "--gas-limit", "60000000", "--load-state", file];
    const child = spawn(ANVIL, words, { stdio: ["ignore", "pipe", "ignore"] });
    const port = await listening(child);
    return new OwnChain(`http://127.0.0.1:${port}`, child, folder);
  }

  ask(method: string, ...params: unknown[]): Promise<unknown> {
    return ask(this.rpc, method, ...params);
  }

  /** Have a page take this chain for its network. */
  async serve(page: Page, webSocket: boolean): Promise<void> {
    const ws = webSocket ? this.rpc.replace("http", "ws") : "";
    await page.route("**/config.json", async (route) => {
      const network = await (await route.fetch()).json();
      await route.fulfill({ json: { ...network, rpc: this.rpc, ws } });
    });
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function listening(child: ChildProcess): Promise<string> {
  let said = "";
  for await (const piece of child.stdout ?? []) {
    said += String(piece);
    const port = LISTENING.exec(said)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error(`anvil ended: ${said.slice(-500)}`);
}

async function ask(rpc: string, method: string, ...params: unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
