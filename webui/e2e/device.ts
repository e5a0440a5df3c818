// A device that trains beside the page, as somebody runs it at home.
import { spawn } from "node:child_process";
import { expect } from "@playwright/test";
import { federationAbi } from "../src/generated/abi";
import { publicClient } from "./chain";
import { folder, interrupt, stack } from "./stack";

const RUN = new URL("../../tools/run", import.meta.url).pathname;
const BLOCK_MS = 240_000;

async function height(): Promise<number> {
  const { federation: address } = stack();
  const state = await publicClient().readContract({ address, abi: federationAbi, functionName: "state" });
  return state.height;
}

/** Let a device train in the stack's federation until it has a block; at once where it has one. */
export async function untilFirstBlock(account = 20): Promise<void> {
  if ((await height()) > 0) return;
  const words = ["minerva", "device", "run", "--account", `anvil:${account}`, "--set", "device.task=digits"];
  const device = spawn(RUN, words, { cwd: folder(), stdio: "ignore" });
  try {
    await expect.poll(height, { timeout: BLOCK_MS, intervals: [1_000] }).toBeGreaterThan(0);
  } finally {
    await interrupt(device);
  }
}
