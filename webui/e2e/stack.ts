// One local stack for all browser tests: `minerva up` in a folder of its own, ended when they are done.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Address } from "viem";

export interface StackRecord {
  rpc: string;
  federation: Address;
  webui: string;
  gateway: string;
  /** Of its Kubo nodes, as the client's settings name them. */
  stores: readonly string[];
  deployment: string;
}

const RUN = new URL("../../tools/run", import.meta.url).pathname;
const UP_MS = 600_000;
const execute = promisify(execFile);

/** Run a command of the client for the tests' stack; its JSON document. */
export async function minerva(...words: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await execute(RUN, ["minerva", ...words, "--json"], { cwd: folder(), timeout: UP_MS });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Start a command line as a person types it, in the stack's folder; what stops it. */
export function typed(line: string): () => Promise<void> {
  const log = openSync(join(folder(), ".minerva", "logs", "typed.log"), "a");
  const child = spawn(RUN, ["bash", "-c", `exec ${line}`], { cwd: folder(), stdio: ["ignore", log, log] });
  closeSync(log);
  return () => interrupt(child);
}

/** End a process as Ctrl-C does; when it is gone, it sends nothing any more. */
export async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await gone;
}

export function stack(): StackRecord {
  return JSON.parse(readFileSync(join(folder(), ".minerva", "stack.json"), "utf8")) as StackRecord;
}

export function folder(): string {
  const set = process.env.MINERVA_E2E;
  if (set === undefined) throw new Error("the stack is not started");
  return set;
}

/** A stack that MINERVA_E2E names is used as it is, and left running. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env.MINERVA_E2E !== undefined) return async () => undefined;
  const made = mkdtempSync(join(tmpdir(), "minerva-e2e-"));
  process.env.MINERVA_E2E = made;
  await minerva("up", "--miners", "1");
  if (stack().webui === "") throw new Error("the dashboard is not built: 'make webui' builds it");
  return async () => {
    await minerva("down");
    rmSync(made, { recursive: true, force: true });
  };
}
