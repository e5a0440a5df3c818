// The wizard's fields on rounds and consensus.
import type { Draft, Field } from "./draft";

const PHASE = 30 * 86_400;
const by = (module: string) => (draft: Draft) => draft.consensus === module;

function count(
  key: string,
  label: string,
  usual: string,
  bounds: [number, Field["most"]],
  help: string,
): Field {
  return { key, label, help, kind: "count", usual, least: bounds[0], most: bounds[1] };
}

function seconds(
  key: string,
  label: string,
  usual: string,
  bounds: [number, Field["most"]],
  help: string,
): Field {
  return { ...count(key, label, usual, bounds, help), kind: "seconds" };
}

// biome-ignore format: a table, a field a line
export const ROUND_FIELDS: readonly Field[] = [
  count("rounds", "Rounds", "10", [1, 1_000_000], "The federation closes after so many. You may close it earlier, not later."),
  count("minMiners", "Least miners", "1", [1, { of: "maxMiners" }], "Rounds wait for so many. With fewer than 3 a single miner decides alone or blocks the rest."),
  count("maxMiners", "Most miners", "16", [1, 64], "More miners check every update, and every ballot costs gas."),
  count("minDevices", "Least devices", "1", [1, { of: "maxDevices" }], "Rounds wait for so many. A robust aggregation rule needs enough of them."),
  count("maxDevices", "Most devices", "1000", [1, 60_000], "Whoever comes later is refused."),
  count("minUpdates", "Updates a round needs", "1", [1, { of: "maxDevices" }], "With fewer, training is extended and in the end the round skipped. From 3 on the model tells nobody a single update."),
  count("maxJoins", "Devices that may join in a round", "1000", [1, { of: "maxDevices" }], "A limit keeps a crowd of new devices from outvoting those that are there."),
  count("silentRounds", "Rounds a device may be silent", "3", [1, 7], "A round does not wait for a device that was silent for longer."),
  seconds("trainingSeconds", "Training", "600", [1, PHASE], "Time for devices to train and to commit. It ends early once all have."),
  seconds("verificationSeconds", "Verification", "120", [2, PHASE], "Time for miners to fetch the updates, to judge them and to vote."),
  seconds("fetchSeconds", "Of it, to fetch an update", "30", [1, { of: "verificationSeconds", half: true }], "What is not there by then is refused as unavailable. At most half of verification."),
  seconds("miningSeconds", "Mining", "120", [1, PHASE], "Time for a miner to aggregate and to propose the block."),
  seconds("attestationSeconds", "Attestation", "120", [1, PHASE], "Time for the others to derive the block again."),
  count("maxExtensions", "Extensions of a phase", "2", [0, 10], "How often a phase in which too few acted is given its time again."),
  count("maxCandidates", "Candidates in a round", "5", [1, 64], "After so many dropped blocks the round is skipped."),
  seconds("maxPauseSeconds", "Pauses, all together", "86400", [0, 365 * 86_400], "You may stop the deadlines for so long in all. 0: never."),
  { ...count("maxModelBytes", "Largest update", "67108864", [1, 2 ** 31], "In bytes. Longer ones are refused unread; it must hold the genesis model."), kind: "bytes" },
  count("confirmations", "Confirmations", "0", [0, 64], "Blocks of the chain that miners and devices wait before they believe it. 0 on a local chain; more where re-organisations happen."),
];

// biome-ignore format: a table, a field a line
export const CONSENSUS_FIELDS: readonly Field[] = [
  {
    key: "consensus",
    label: "Module",
    help: "The governor can change it later, announced a round ahead.",
    kind: "choice",
    usual: "pow",
    choices: [
      ["pow", "Proof of work: whoever finds a nonce first proposes. Open to all, costs computation."],
      ["pos", "Proof of stake: turns and votes by stake. Miners must stake."],
      ["por", "Proof of reputation: turns and votes by what each miner did so far."],
      ["committee", "Committee: the owners of the best updates vote and propose in the next round."],
    ],
  },
  { ...count("difficulty", "Difficulty", "20000", [1, 2 ** 48], "Hashes that the first proof of work takes on average. It adapts from then on."), when: by("pow") },
  { ...seconds("targetSeconds", "Time for a proof", "2", [1, 86_400], "What the difficulty adapts to."), when: by("pow") },
  { ...count("committeeSize", "Members of the committee", "3", [1, 64], "So many miners vote; the others stand by."), when: by("committee") },
  { ...count("reputationStart", "A newcomer's reputation", "100", [1, { of: "reputationCap" }], "What its word weighs at first. Low: newcomers must earn their say."), when: by("por") },
  { ...count("reputationCap", "Highest reputation", "10000", [1, 32_767], "No word weighs more than this."), when: by("por") },
  { ...count("reputationDecayPermille", "What a block leaves of it", "900", [0, 1000], "In thousandths: 900 lets old merits fade by a tenth a block."), when: by("por") },
  { ...count("reputationPresence", "Points for a ballot", "10", [0, { of: "reputationCap" }], "For having voted at all."), when: by("por") },
  { ...count("reputationBallot", "Points for a right ballot", "80", [0, { of: "reputationCap" }], "In proportion to how many verdicts say what the majority found."), when: by("por") },
  { ...count("reputationBlock", "Points for a block", "40", [0, { of: "reputationCap" }], "For the proposer of the round's block."), when: by("por") },
];
