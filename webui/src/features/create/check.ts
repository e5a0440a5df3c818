// Whether a draft can be created, before anything is signed: every bound and inequality that the contracts would check.
import { type Address, isAddress, zeroAddress } from "viem";
import { parseList } from "@/features/membership/allow-list";
import { lacks, type Part } from "@/lib/aggregation";
import { parseAmount } from "@/lib/amounts";
import { parseCid } from "@/lib/cid";
import { formatBytes, formatNumber } from "@/lib/format";
import { type Draft, FIELDS, type Field, isAsked, mostOf, numberOf, textOf } from "./draft";
import { isPaid, isStaked, keepsList } from "./fields-terms";

/** What a draft is checked against. */
export interface Place {
  modules: Readonly<Record<string, Address>>;
  policies: Readonly<Record<string, Address>>;
  /** Decimals of the tokens named: null where a token does not tell them, undefined while it is not known to be one. */
  stakeDecimals: number | null | undefined;
  rewardDecimals: number | null | undefined;
  /** Of the task that was fetched and checked; null while it was not. */
  task: { rule: readonly Part[]; genesisBytes: number; confidential: boolean } | null;
}

export type Faults = Readonly<Record<string, string>>;

/** How the deployment names the policies that people name. */
export const POLICY_NAMES: Readonly<Record<string, string>> = {
  "allow-list": "allow-list",
  stake: "stake",
  "allow-list+stake": "allow-list-and-stake",
};
/** What a unit of weight costs where there is no minimum to take a part of (staking.py). */
const UNIT = 10n ** 15n;
const MOST_WEIGHT = 65_535n;
const UINT128 = 2n ** 128n - 1n;
const UINT256 = 2n ** 256n - 1n;

/** What is wrong, by field; nothing is when the contracts would take it. */
export function faultsOf(draft: Draft, place: Place): Faults {
  const faults = new Map<string, string>();
  for (const field of FIELDS) {
    if (!isAsked(field, draft)) continue;
    const fault = faultOf(field, draft, place);
    if (fault !== null) faults.set(field.key, fault);
  }
  for (const [key, fault] of together(draft, place)) if (!faults.has(key)) faults.set(key, fault);
  return Object.fromEntries(faults);
}

/** What is allowed and yet seldom meant. */
export function warningsOf(draft: Draft, { task }: Place): string[] {
  const [minMiners, minDevices, minUpdates] = ["minMiners", "minDevices", "minUpdates"].map((key) =>
    numberOf(draft, key),
  );
  const warnings: string[] = [];
  if (minMiners !== undefined && minMiners < 3)
    warnings.push("With fewer than 3 miners one of them can decide a round alone, or stop it.");
  if (minUpdates !== undefined && minDevices !== undefined && minUpdates > minDevices)
    warnings.push(
      "A round may open with fewer devices than the updates it needs: it would be extended, then skipped.",
    );
  if (task?.confidential && minUpdates !== undefined && minUpdates < 3)
    warnings.push(
      "Updates are sealed, but a round with fewer than 3 tells a single one by the public global model.",
    );
  return warnings;
}

/** A sum of the draft in its least unit; null when it is none. */
export function amountOf(draft: Draft, key: string, place: Place): bigint | null {
  const decimals = key.startsWith("reward") ? place.rewardDecimals : place.stakeDecimals;
  const amount = decimals === undefined ? "" : parseAmount(textOf(draft, key), decimals);
  return typeof amount === "bigint" ? amount : null;
}

/** What a unit of weight costs: as written, else a hundredth of the minimum. */
export function unitOf(draft: Draft, place: Place): bigint | null {
  if (textOf(draft, "stakeUnit").trim() !== "") return amountOf(draft, "stakeUnit", place);
  const minimum = amountOf(draft, "stakeMinimum", place);
  if (minimum === null) return null;
  return minimum === 0n ? UNIT : minimum < 100n ? 1n : minimum / 100n;
}

function faultOf(field: Field, draft: Draft, place: Place): string | null {
  const text = textOf(draft, field.key);
  switch (field.kind) {
    case "count":
    case "seconds":
    case "bytes":
      return numberFault(field, draft);
    case "money": {
      if (field.key === "stakeUnit" && text.trim() === "") return null;
      const decimals = field.currency === "reward" ? place.rewardDecimals : place.stakeDecimals;
      if (decimals === undefined) return "The token is not known yet.";
      const amount = parseAmount(text, decimals);
      if (typeof amount === "string") return amount;
      const most = field.key.endsWith("erStake") || field.key === "deviceStake" ? UINT256 : UINT128;
      return amount > most ? "It is more than the contract can hold." : null;
    }
    case "address":
      if (text.trim() === "") return null;
      if (!isAddress(text.trim()) || text.trim() === zeroAddress)
        return "It is 0x and 40 hex digits; leave it empty for ether.";
      return (field.key === "rewardToken" ? place.rewardDecimals : place.stakeDecimals) === undefined
        ? "There is no token at this address on this chain."
        : null;
    case "choice":
      return field.choices?.some(([value]) => value === text) ? null : "Choose one.";
    case "list": {
      const list = parseList(text);
      if (typeof list === "string") return list;
      return list.entries.length === 0 ? "Nobody is on it: write a line for each member." : null;
    }
  }
}

function numberFault(field: Field, draft: Draft): string | null {
  const [value, least, most] = [numberOf(draft, field.key), field.least ?? 0, mostOf(field, draft)];
  if (Number.isNaN(value)) return `It is a whole number from ${formatNumber(least)} on.`;
  if (Number.isNaN(most)) return value < least ? `It is at least ${formatNumber(least)}.` : null;
  if (value >= least && value <= most) return null;
  const other =
    typeof field.most === "object"
      ? FIELDS.find(({ key }) => key === (field.most as { of: string }).of)
      : undefined;
  const bound =
    other === undefined
      ? ""
      : ` (${typeof field.most === "object" && field.most.half ? "half of " : ""}“${other.label}”)`;
  return `It is from ${formatNumber(least)} to ${formatNumber(most)}${bound}.`;
}

/** What several fields, or the network and the task, decide together. */
function* together(draft: Draft, place: Place): Generator<readonly [string, string]> {
  for (const key of ["manifest", "model"]) {
    if (parseCid(textOf(draft, key).trim()) === null)
      yield [key, "It is a CID: b and 58 letters and digits."];
  }
  if (!Object.hasOwn(place.modules, textOf(draft, "consensus")))
    yield ["consensus", "This network has no such module."];
  const policy = textOf(draft, "policy");
  if (policy !== "open" && !Object.hasOwn(place.policies, POLICY_NAMES[policy] ?? ""))
    yield ["policy", "This network has no such policy."];
  if (place.task !== null) yield* againstTask(draft, place.task);
  if (isStaked(draft)) yield* stakeFaults(draft, place);
  if (isPaid(draft)) yield* rewardFaults(draft, place);
  if (keepsList(draft) && textOf(draft, "allowList").trim() === "")
    yield ["allowList", "The policy needs a list."];
}

function* againstTask(draft: Draft, task: NonNullable<Place["task"]>): Generator<readonly [string, string]> {
  const [devices, bytes] = [numberOf(draft, "minDevices"), numberOf(draft, "maxModelBytes")];
  const lacking = Number.isNaN(devices) ? null : lacks(task.rule, devices);
  if (lacking !== null) yield ["minDevices", `The task's aggregation rule does not do: ${lacking}.`];
  if (task.genesisBytes > bytes)
    yield ["maxModelBytes", `The genesis model alone has ${formatBytes(task.genesisBytes)}.`];
}

function* stakeFaults(draft: Draft, place: Place): Generator<readonly [string, string]> {
  const [minimum, unit] = [amountOf(draft, "stakeMinimum", place), unitOf(draft, place)];
  if (minimum === null || unit === null) return;
  if (unit === 0n) yield ["stakeUnit", "It is more than nothing."];
  else if (minimum / unit > MOST_WEIGHT)
    yield ["stakeUnit", "The minimum is at most 65,535 of these units: raise it."];
}

function* rewardFaults(draft: Draft, place: Place): Generator<readonly [string, string]> {
  const shares = ["Data", "Proposer", "Ballot", "Attester"].map((name) =>
    numberOf(draft, `reward${name}Bps`),
  );
  const sum = shares.reduce((total, share) => total + share, 0);
  if (sum !== 10_000)
    yield ["rewardDataBps", `The four shares make 10,000 together, not ${formatNumber(sum)}.`];
  const [perRound, rounds] = [amountOf(draft, "rewardPerRound", place), numberOf(draft, "rounds")];
  if (perRound !== null && !Number.isNaN(rounds) && perRound * BigInt(rounds) > UINT128)
    yield ["rewardPerRound", "All rounds together cost more than the contract can hold."];
}
