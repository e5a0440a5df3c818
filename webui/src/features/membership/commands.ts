// The exact commands that run a device or a miner at home.
import type { Address } from "viem";
import { LOCAL_CHAIN_ID } from "@/features/chain/client";
import { COIN } from "@/lib/coin";
import type { NetworkConfig } from "@/lib/runtime";
import { shellLine } from "@/lib/shell";

/** Tasks that come with the client, and those of them whose data comes along. */
const BUNDLED = ["digits", "breast_cancer", "fashion_mnist", "fashion_mlp"];
const OWN_DATA = ["digits", "breast_cancer"];

export interface HomeCommand {
  /** When it is run. */
  what: string;
  line: string;
}

export interface Home {
  network: NetworkConfig;
  federation: Address;
  /** The manifest's name of the task: a stranger's text. Empty: unknown. */
  task: string;
  /** CID or file of the allow-list, where there is one. */
  list: string;
  /** What must be staked before it joins; empty: nothing, or no more than it stakes by itself. */
  stake: string;
}

export function deviceCommands(home: Home, miner: Address | null): HomeCommand[] {
  const { federation, list } = home;
  const settings = [
    ...taskSetting(home.task),
    ...(list === "" ? [] : ["--set", `device.allow_list=${list}`]),
  ];
  const data = dataOf(home.task, "--set", "device.data=./data");
  const toward = miner === null ? [] : ["--miner", miner];
  return [
    ...keyCommand(home, "device"),
    ...stakeCommand(home, "device"),
    {
      what: "Try the task on your data first",
      line: shellLine(
        "minerva",
        "task",
        "check",
        taskName(home.task),
        ...dataOf(home.task, "--data", "./data"),
      ),
    },
    {
      what: "What your device would commit to, to register it from here",
      line: shellLine("minerva", "device", "commitment", ...taskSetting(home.task), ...data),
    },
    {
      what: "Run it: it registers, if it is not registered yet, and takes part until the federation closes",
      line: shellLine(
        ...["minerva", "device", "run", federation, ...accountOf(home, "device"), ...chainOf(home.network)],
        ...[...settings, ...data, ...toward],
      ),
    },
  ];
}

/** A miner's folder is for one federation: a person may be a miner in several. */
export function minerCommands(home: Home, endpoint: string): HomeCommand[] {
  const { federation, list } = home;
  const settings = [
    ...(endpoint === "" ? [] : ["--set", `miner.public_url=${endpoint}`]),
    ...(list === "" ? [] : ["--set", `miner.allow_list=${list}`]),
  ];
  return [
    ...keyCommand(home, "miner"),
    ...stakeCommand(home, "miner"),
    {
      what: "Run it: it registers, and stakes the minimum, if it did not yet; then it verifies, votes, mines and attests",
      line: shellLine(
        ...["minerva", "miner", "run", federation, ...accountOf(home, "miner"), ...chainOf(home.network)],
        ...(isLocal(home.network) ? [] : ["--store", "kubo:/ip4/127.0.0.1/tcp/5001"]),
        ...["--state", `.minerva/miner-${federation.slice(0, 10)}`],
        ...settings,
      ),
    },
    { what: "See what it does", line: shellLine("minerva", "miner", "status") },
  ];
}

function keyCommand(home: Home, role: string): HomeCommand[] {
  if (isLocal(home.network)) return [];
  return [
    {
      what: `A key of its own, once; send its address some ${COIN.symbol} for gas`,
      line: shellLine("minerva", "key", "new", `${role}.json`),
    },
  ];
}

function stakeCommand(home: Home, role: string): HomeCommand[] {
  if (home.stake === "") return [];
  const words = [...accountOf(home, role), ...chainOf(home.network), "--amount", home.stake];
  return [
    {
      what: "Stake what the policy wants",
      line: shellLine("minerva", "stake", "deposit", home.federation, ...words),
    },
  ];
}

/** On the local chain anvil's accounts are everybody's. */
function accountOf({ network }: Home, role: string): string[] {
  const account = isLocal(network) ? (role === "miner" ? "anvil:4" : "anvil:20") : `${role}.json`;
  return ["--account", account];
}

/** `minerva up` leaves a configuration that names its own chain; others are named. */
function chainOf(network: NetworkConfig): string[] {
  if (isLocal(network)) return [];
  return ["--rpc", network.rpc, "--deployment", `deployments/${network.chainId}.json`];
}

function isLocal({ chainId }: NetworkConfig): boolean {
  return chainId === LOCAL_CHAIN_ID;
}

/** A task's name goes into a command line only where it is a plain one; what is not bundled is a file. */
function taskName(task: string): string {
  if (BUNDLED.includes(task)) return task;
  return /^[a-zA-Z]\w{0,40}$/.test(task) ? `${task}.py` : "their_task.py";
}

/** Where the data is; some tasks bring their own. */
function dataOf(task: string, ...words: readonly string[]): readonly string[] {
  return OWN_DATA.includes(task) ? [] : words;
}

function taskSetting(task: string): string[] {
  return ["--set", `device.task=${taskName(task)}`];
}
