// From a draft without faults to what the factory is called with, as the client encodes it (requester.py).
import {
  type Address,
  concatHex,
  encodeAbiParameters,
  getAddress,
  type Hex,
  numberToHex,
  zeroAddress,
} from "viem";
import { parseList } from "@/features/membership/allow-list";
import { type Call, contractCall } from "@/features/wallet/call";
import { factoryAbi } from "@/generated/abi";
import { type Cid, parseCid } from "@/lib/cid";
import { amountOf, faultsOf, type Place, POLICY_NAMES, unitOf } from "./check";
import { type Draft, numberOf, textOf } from "./draft";
import { isPaid, isStaked, keepsList, wantsStake } from "./fields-terms";

const REPUTATION = ["Start", "Cap", "DecayPermille", "Presence", "Ballot", "Block"];

/** The call that creates the federation; null while the draft has a fault. */
export function createCall(draft: Draft, place: Place, factory: Address): Call | null {
  if (Object.keys(faultsOf(draft, place)).length > 0) return null;
  const [manifest, model] = [cidOf(draft, "manifest"), cidOf(draft, "model")];
  const terms = [stakeTerms(draft, place), rewardTerms(draft, place)] as const;
  if (manifest === null || model === null) return null;
  const config = {
    manifest,
    model,
    ...moduleOf(draft, place.modules),
    ...policyOf(draft, place),
    ...numbersOf(draft),
  };
  return contractCall("Create the federation", factory, factoryAbi, "createFederation", [config, ...terms]);
}

/** The consensus module that a draft names, and its parameters (W2, K7 to K9). */
export function moduleOf(draft: Draft, modules: Place["modules"]) {
  const name = textOf(draft, "consensus");
  return { consensus: modules[name] ?? zeroAddress, consensusParameters: moduleParameters(name, draft) };
}

function moduleParameters(name: string, draft: Draft): Hex {
  switch (name) {
    case "pow":
      return encodeAbiParameters(
        [{ type: "uint64" }, { type: "uint32" }],
        [BigInt(numberOf(draft, "difficulty")), numberOf(draft, "targetSeconds")],
      );
    case "por":
      return concatHex(REPUTATION.map((part) => word(BigInt(numberOf(draft, `reputation${part}`)))));
    case "committee":
      return word(BigInt(numberOf(draft, "committeeSize")));
    default:
      return "0x";
  }
}

/** The policy, and the parameters that it is given (A1). */
function policyOf(draft: Draft, place: Place) {
  const policy = place.policies[POLICY_NAMES[textOf(draft, "policy")] ?? ""] ?? zeroAddress;
  const list = keepsList(draft) ? parseList(textOf(draft, "allowList")) : null;
  const root = list === null || typeof list === "string" ? [] : [list.root];
  const needs = wantsStake(draft)
    ? ["minerStake", "deviceStake"].map((key) => word(amountOf(draft, key, place) ?? 0n))
    : [];
  return { policy, policyParameters: concatHex([...root, ...needs]) };
}

function stakeTerms(draft: Draft, place: Place) {
  const staked = isStaked(draft);
  const number = (key: string) => (staked ? numberOf(draft, key) : 0);
  return {
    token: staked ? tokenOf(draft, "stakeToken") : zeroAddress,
    minimum: staked ? (amountOf(draft, "stakeMinimum", place) ?? 0n) : 0n,
    unit: staked ? (unitOf(draft, place) ?? 0n) : 0n,
    evidenceSeconds: number("stakeEvidenceSeconds"),
    rejectedBps: number("stakeRejectedBps"),
    equivocationBps: number("stakeEquivocationBps"),
    absenceBps: number("stakeAbsenceBps"),
    absences: number("stakeAbsences"),
    reporterBps: number("stakeReporterBps"),
  };
}

function rewardTerms(draft: Draft, place: Place) {
  const paid = isPaid(draft);
  const number = (key: string) => (paid ? numberOf(draft, key) : 0);
  return {
    token: paid ? tokenOf(draft, "rewardToken") : zeroAddress,
    perRound: paid ? (amountOf(draft, "rewardPerRound", place) ?? 0n) : 0n,
    dataBps: number("rewardDataBps"),
    proposerBps: number("rewardProposerBps"),
    ballotBps: number("rewardBallotBps"),
    attesterBps: number("rewardAttesterBps"),
    claimSeconds: number("rewardClaimSeconds"),
  };
}

function numbersOf(draft: Draft) {
  const number = (key: string) => numberOf(draft, key);
  return {
    rounds: number("rounds"),
    minMiners: number("minMiners"),
    maxMiners: number("maxMiners"),
    minDevices: number("minDevices"),
    maxDevices: number("maxDevices"),
    minUpdates: number("minUpdates"),
    maxJoins: number("maxJoins"),
    silentRounds: number("silentRounds"),
    trainingSeconds: number("trainingSeconds"),
    verificationSeconds: number("verificationSeconds"),
    fetchSeconds: number("fetchSeconds"),
    miningSeconds: number("miningSeconds"),
    attestationSeconds: number("attestationSeconds"),
    maxExtensions: number("maxExtensions"),
    maxCandidates: number("maxCandidates"),
    maxPauseSeconds: number("maxPauseSeconds"),
    maxModelBytes: number("maxModelBytes"),
    confirmations: number("confirmations"),
  };
}

function cidOf(draft: Draft, key: string): Cid | null {
  return parseCid(textOf(draft, key).trim());
}

function tokenOf(draft: Draft, key: string): Address {
  const text = textOf(draft, key).trim();
  return text === "" ? zeroAddress : getAddress(text);
}

function word(value: bigint): Hex {
  return numberToHex(value, { size: 32 });
}
