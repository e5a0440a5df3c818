// What tests do on the chain beside the page: as other people's devices and miners.
import { readFileSync } from "node:fs";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  http,
  parseEventLogs,
  zeroAddress,
  zeroHash,
} from "viem";
import { factoryAbi, federationAbi, minerAbi } from "../src/generated/abi";
import type { Cid } from "../src/lib/cid";
import { stack } from "./stack";
import { anvilAccount } from "./wallet";

const NO_STAKE = {
  token: zeroAddress,
  minimum: 0n,
  unit: 0n,
  evidenceSeconds: 0,
  rejectedBps: 0,
  equivocationBps: 0,
  absenceBps: 0,
  absences: 0,
  reporterBps: 0,
};
const NO_REWARDS = {
  token: zeroAddress as Address,
  perRound: 0n,
  dataBps: 0,
  proposerBps: 0,
  ballotBps: 0,
  attesterBps: 0,
  claimSeconds: 0,
};

export const publicClient = () => createPublicClient({ transport: http(stack().rpc), pollingInterval: 100 });

export function walletOf(index: number) {
  return createWalletClient({ account: anvilAccount(index), transport: http(stack().rpc) });
}

function factory(): Address {
  const document = JSON.parse(readFileSync(stack().deployment, "utf8")) as {
    contracts: { FederationFactory: { address: Address } };
  };
  return document.contracts.FederationFactory.address;
}

/** Create a federation like the stack's own one, of so many rounds; with another manifest, and rewards, if they are named. */
export async function createFederation(
  account: number,
  rounds: number,
  { manifest, rewards = {} }: { manifest?: Cid; rewards?: Partial<typeof NO_REWARDS> } = {},
): Promise<Address> {
  const config = await publicClient().readContract({
    address: stack().federation,
    abi: federationAbi,
    functionName: "config",
  });
  const hash = await walletOf(account).writeContract({
    address: factory(),
    abi: factoryAbi,
    functionName: "createFederation",
    args: [
      { ...config, rounds, manifest: manifest ?? config.manifest },
      NO_STAKE,
      { ...NO_REWARDS, ...rewards },
    ],
    chain: null,
  });
  const { logs } = await publicClient().waitForTransactionReceipt({ hash });
  const [created] = parseEventLogs({ abi: factoryAbi, eventName: "FederationCreated", logs });
  if (created === undefined) throw new Error("no federation was created");
  return created.args.federation;
}

/** Join a federation as a miner; its contract. */
export async function joinAsMiner(
  federation: Address,
  account: number,
  endpoint = "http://127.0.0.1:1",
): Promise<Address> {
  const hash = await walletOf(account).writeContract({
    address: factory(),
    abi: factoryAbi,
    functionName: "createMiner",
    args: [federation, endpoint, "0x"],
    chain: null,
  });
  const { logs } = await publicClient().waitForTransactionReceipt({ hash });
  const [created] = parseEventLogs({ abi: factoryAbi, eventName: "MinerCreated", logs });
  if (created === undefined) throw new Error("no miner was created");
  return created.args.miner;
}

export async function registerDevice(miner: Address, account: number, samples = 100): Promise<Address> {
  const wallet = walletOf(account);
  const root = zeroHash.replace(/0$/, "1") as typeof zeroHash;
  const hash = await wallet.writeContract({
    address: miner,
    abi: minerAbi,
    functionName: "registerDevice",
    args: [root, samples, 1_000_000n, "0x"],
    chain: null,
  });
  await publicClient().waitForTransactionReceipt({ hash });
  return wallet.account.address;
}
