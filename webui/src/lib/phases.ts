// The eight steps and the phases of a round, in words.
import { Drop, Phase, Status } from "@/generated/enums";

export const STATUS_WORDS: Readonly<Record<number, string>> = {
  [Status.Waiting]: "waiting",
  [Status.Running]: "running",
  [Status.Paused]: "paused",
  [Status.Closed]: "closed",
};

export const PHASE_WORDS: Readonly<Record<number, string>> = {
  [Phase.Pending]: "pending",
  [Phase.Training]: "training",
  [Phase.Verification]: "verification",
  [Phase.Mining]: "mining",
  [Phase.Attestation]: "attestation",
  [Phase.Finalized]: "finalised",
  [Phase.Skipped]: "skipped",
};

export const DROP_WORDS: Readonly<Record<number, string>> = {
  [Drop.Rejected]: "rejected by a majority",
  [Drop.Undecided]: "neither majority could be reached any more",
  [Drop.TimedOut]: "not attested in time",
};

export interface Step {
  name: string;
  what: string;
  /** The phases in which this step happens. */
  phases: readonly Phase[];
}

export const STEPS: readonly Step[] = [
  { name: "Initialise", what: "task, rules and genesis model", phases: [Phase.Pending] },
  { name: "Train", what: "devices, on their private data", phases: [Phase.Training] },
  { name: "Upload", what: "CID to the chain, bytes to IPFS", phases: [Phase.Training] },
  { name: "Cross-verify", what: "a ballot from every miner", phases: [Phase.Verification] },
  { name: "Mine", what: "accepted updates, new model", phases: [Phase.Mining] },
  { name: "Attest", what: "others derive the block again", phases: [Phase.Attestation] },
  { name: "Global update", what: "the block is appended", phases: [Phase.Finalized] },
  { name: "Download", what: "check the new model, go on", phases: [Phase.Finalized] },
];

export function statusWords(status: number): string {
  return STATUS_WORDS[status] ?? `status ${status}`;
}

export function phaseWords(phase: number): string {
  return PHASE_WORDS[phase] ?? `phase ${phase}`;
}
