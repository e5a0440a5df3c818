// What tests do on the chain beside the page: as other people's devices and miners.
import { readFileSync } from "node:fs";
import {
  type Address,
  type ContractFunctionArgs,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  parseEventLogs,
  zeroAddress,
  zeroHash,
} from "viem";
import { factoryAbi, federationAbi, minerAbi } from "../src/generated/abi";
import { stack } from "./stack";
import { anvilAccount } from "./wallet";

const NO_STAKE = {
  token: zeroAddress as Address,
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

export const publicClient = (rpc = stack().rpc) =>
  createPublicClient({ transport: http(rpc), pollingInterval: 100 });

export function walletOf(index: number, rpc = stack().rpc) {
  return createWalletClient({ account: anvilAccount(index), transport: http(rpc) });
}

export function factory(): Address {
  return contractAt("FederationFactory");
}

/** The address of a deployed contract. */
export function contractAt(name: string): Address {
  const document = JSON.parse(readFileSync(stack().deployment, "utf8")) as {
    contracts: Record<string, { address: Address }>;
  };
  const found = document.contracts[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.address;
}

type Config = ContractFunctionArgs<typeof factoryAbi, "nonpayable", "createFederation">[0];

/** What a federation has otherwise than the stack's own one. */
export interface Terms {
  config?: Partial<Config>;
  stake?: Partial<typeof NO_STAKE>;
  rewards?: Partial<typeof NO_REWARDS>;
  /** Where the chain answers. */
  rpc?: string;
}

/** The call that creates a federation like the stack's own one, of so many rounds. */
export async function creation(rounds: number, terms: Terms = {}): Promise<Hex> {
  const config = await publicClient().readContract({
    address: stack().federation,
    abi: federationAbi,
    functionName: "config",
  });
  return encodeFunctionData({
    abi: factoryAbi,
    functionName: "createFederation",
    args: [
      { ...config, rounds, ...terms.config },
      { ...NO_STAKE, ...terms.stake },
      { ...NO_REWARDS, ...terms.rewards },
    ],
  });
}

/** Create a federation like the stack's own one, of so many rounds. */
export async function createFederation(account: number, rounds: number, terms: Terms = {}): Promise<Address> {
  const { rpc = stack().rpc } = terms;
  const hash = await walletOf(account, rpc).sendTransaction({
    to: factory(),
    data: await creation(rounds, terms),
    chain: null,
  });
  const { logs } = await publicClient(rpc).waitForTransactionReceipt({ hash });
  const [created] = parseEventLogs({ abi: factoryAbi, eventName: "FederationCreated", logs });
  if (created === undefined) throw new Error("no federation was created");
  return created.args.federation;
}

/** Join a federation as a miner; its contract. */
export async function joinAsMiner(
  federation: Address,
  account: number,
  { endpoint = "http://127.0.0.1:1", rpc = stack().rpc } = {},
): Promise<Address> {
  const hash = await walletOf(account, rpc).writeContract({
    address: factory(),
    abi: factoryAbi,
    functionName: "createMiner",
    args: [federation, endpoint, "0x"],
    chain: null,
  });
  const { logs } = await publicClient(rpc).waitForTransactionReceipt({ hash });
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
