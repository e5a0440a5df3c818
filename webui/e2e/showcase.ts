// A federation with a past: blocks, refused updates and a skipped round, made by real miners and devices.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { type Address, getAddress } from "viem";
import { federationAbi } from "../src/generated/abi";
import { Phase } from "../src/generated/enums";
import { publicClient } from "./chain";
import { folder, interrupt, minerva } from "./stack";

const RUN = new URL("../../tools/run", import.meta.url).pathname;
const REQUESTER = "anvil:24";
const MINERS = [25, 26];
const DEVICES = [
  ["honest", 27],
  ["honest", 28],
  ["over-reporter", 29],
  ["copier", 30],
] as const;
const ROUND_MS = 480_000;
const CREATE = {
  title: "Handwritten digits of four clinics",
  rounds: 12,
  min_miners: MINERS.length,
  min_devices: DEVICES.length,
  min_updates: 2,
  training_seconds: 20,
  max_extensions: 0,
  verification_seconds: 10,
  fetch_seconds: 3,
  mining_seconds: 30,
  attestation_seconds: 20,
  difficulty: 200_000,
  target_seconds: 1,
  reward_per_round: "0.5 ether",
  aggregation: "fedavg",
};

/** The federation of this stack that has a past, of so many rounds where it is made now; one of them was skipped. */
export async function showcase(rounds: number): Promise<Address> {
  const note = join(folder(), "showcase");
  try {
    return getAddress(readFileSync(note, "utf8"));
  } catch {
    const made = await make(rounds);
    writeFileSync(note, made);
    return made;
  }
}

async function make(rounds: number): Promise<Address> {
  const parameters = Object.entries(CREATE).flatMap(([key, value]) => ["--set", `create.${key}=${value}`]);
  const made = await minerva("federation", "create", "--account", REQUESTER, ...parameters);
  const federation = getAddress(String(made.federation));
  const devices: ChildProcess[] = [];
  const miners: ChildProcess[] = [];
  const funded = minerva("federation", "fund", federation, "--account", REQUESTER);
  try {
    for (const account of MINERS) {
      miners.push(start(account, "minerva", "miner", "run", federation, "--set", "miner.port=0"));
    }
    for (const [number, [kind, account]] of DEVICES.entries()) {
      const words = ["python", "-m", "minerva.demo.device", kind, "--set", `federation=${federation}`];
      const part = ["partition=dirichlet:0.5", `clients=${DEVICES.length}`, `client=${number}`, "seed=1"];
      devices.push(start(account, ...words, ...part.flatMap((setting) => ["--set", `device.${setting}`])));
    }
    await funded;
    await until(federation, ({ round, phase }) => round > 2 || (round === 2 && phase > Phase.Training));
    for (const device of devices) device.kill("SIGSTOP");
    await until(federation, ({ round, height }) => round - 1 > height);
    for (const device of devices) device.kill("SIGCONT");
    await until(federation, ({ round }) => round > rounds);
  } finally {
    for (const device of devices) device.kill("SIGCONT");
    await Promise.all([...devices, ...miners].map(interrupt));
  }
  return federation;
}

function start(account: number, ...words: string[]): ChildProcess {
  const state = join(folder(), `showcase-${account}`);
  mkdirSync(state, { recursive: true });
  return spawn(RUN, [...words, "--account", `anvil:${account}`, "--state", state], {
    cwd: folder(),
    stdio: "ignore",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
}

type State = Awaited<ReturnType<typeof readState>>;

const readState = (address: Address) =>
  publicClient().readContract({ address, abi: federationAbi, functionName: "state" });

async function until(address: Address, reached: (state: State) => boolean): Promise<void> {
  const read = async () => reached(await readState(address));
  await expect.poll(read, { timeout: ROUND_MS, intervals: [200] }).toBe(true);
}
