// The wizard's fields on who may join, what is staked, and what is paid.
import type { Draft, Field } from "./draft";

const DAY = 86_400;
export const keepsList = ({ policy = "" }: Draft) => policy.startsWith("allow-list");
export const wantsStake = ({ policy = "" }: Draft) => policy.endsWith("stake");
/** Whether the federation has stakes; proof of stake and policies that want stake imply it. */
export const isStaked = (draft: Draft) =>
  draft.stake === "yes" || draft.consensus === "pos" || wantsStake(draft);
/** Whether anything is paid. */
export const isPaid = ({ rewardPerRound = "" }: Draft) => !/^\s*0*(\.0*)?\s*$/.test(rewardPerRound);

function bps(key: string, label: string, usual: string, most: number, help: string): Field {
  return { key, label, help: `${help} In 1/10,000.`, kind: "count", usual, least: 0, most };
}

const staked = (field: Field): Field => ({ ...field, when: isStaked });
const paid = (field: Field): Field => ({ ...field, when: isPaid });

export const MEMBER_FIELDS: readonly Field[] = [
  {
    key: "policy",
    label: "Who may join",
    help: "The policy is asked once, when a miner or a device joins.",
    kind: "choice",
    usual: "open",
    choices: [
      ["open", "Anyone"],
      ["allow-list", "Who is on a list of yours"],
      ["stake", "Who has staked enough"],
      ["allow-list+stake", "Who is on the list and has staked enough"],
    ],
  },
  {
    key: "allowList",
    label: "The list",
    help: "A line for each: an address and miner, device or node (both). The chain keeps its root alone; give the list to your members.",
    kind: "list",
    usual: "",
    when: keepsList,
  },
  {
    key: "minerStake",
    label: "A miner must have staked",
    help: "To be let in. 0: nothing.",
    kind: "money",
    usual: "0",
    currency: "stake",
    when: wantsStake,
  },
  {
    key: "deviceStake",
    label: "A device must have staked",
    help: "To be let in. 0: nothing.",
    kind: "money",
    usual: "0",
    currency: "stake",
    when: wantsStake,
  },
  {
    key: "stake",
    label: "Miners stake",
    help: "Whoever cheats loses a part of it. Proof of stake and policies with stake imply it.",
    kind: "choice",
    usual: "",
    choices: [
      ["", "No"],
      ["yes", "Yes"],
    ],
  },
  staked({
    key: "stakeToken",
    label: "Token of the stake",
    help: "The address of an ERC-20; empty for ether. Tokens that take a fee of transfers do not work.",
    kind: "address",
    usual: "",
  }),
  staked({
    key: "stakeMinimum",
    label: "Least stake of a miner",
    help: "Below it a miner takes no part. High enough that cheating costs more than it brings.",
    kind: "money",
    usual: "0",
    currency: "stake",
  }),
  staked({
    key: "stakeUnit",
    label: "A unit of weight",
    help: "Stake is weighed in these under proof of stake. Empty: a hundredth of the minimum, or 0.001 ether.",
    kind: "money",
    usual: "",
    currency: "stake",
  }),
  staked({
    key: "stakeEvidenceSeconds",
    label: "Time to bring evidence",
    help: "Stake that was taken out can be slashed for so long after its miner's last duty.",
    kind: "seconds",
    usual: String(DAY),
    least: 1,
    most: 90 * DAY,
  }),
  staked(
    bps(
      "stakeRejectedBps",
      "Lost for a rejected block",
      "1000",
      5_000,
      "When a majority rejects the block that the miner proposed.",
    ),
  ),
  staked(
    bps(
      "stakeEquivocationBps",
      "Lost for contradicting oneself",
      "5000",
      10_000,
      "For two signed statements that exclude each other.",
    ),
  ),
  staked(
    bps(
      "stakeAbsenceBps",
      "Lost for being absent",
      "100",
      1_000,
      "Each time its absences reach the number below.",
    ),
  ),
  staked({
    key: "stakeAbsences",
    label: "Absences that cost",
    help: "Every so many absences are punished. 0: none.",
    kind: "count",
    usual: "3",
    least: 0,
    most: 100,
  }),
  staked(
    bps(
      "stakeReporterBps",
      "The reporter's share",
      "2500",
      5_000,
      "Of what contradicting oneself costs; the rest is burned.",
    ),
  ),
];

export const REWARD_FIELDS: readonly Field[] = [
  {
    key: "rewardPerRound",
    label: "What a round may cost",
    help: "At most. All rounds are to be paid into the escrow before round 1 opens; what is not earned returns to you.",
    kind: "money",
    usual: "0",
    currency: "reward",
  },
  paid({
    key: "rewardToken",
    label: "Token of the rewards",
    help: "The address of an ERC-20; empty for ether.",
    kind: "address",
    usual: "",
  }),
  paid(
    bps(
      "rewardDataBps",
      "For data",
      "5000",
      10_000,
      "Devices, by the samples and the quality of their accepted updates.",
    ),
  ),
  paid(bps("rewardProposerBps", "For the block", "1500", 10_000, "The owner of the miner that proposed it.")),
  paid(
    bps(
      "rewardBallotBps",
      "For ballots",
      "2500",
      10_000,
      "Miners, by the verdicts that say what the majority found.",
    ),
  ),
  paid(
    bps(
      "rewardAttesterBps",
      "For attesting",
      "1000",
      10_000,
      "Miners that attested the block, a fixed sum each. The four make 10,000 together.",
    ),
  ),
  paid({
    key: "rewardClaimSeconds",
    label: "Time to claim",
    help: "For so long after the end earnings can be claimed; then the rest returns to you.",
    kind: "seconds",
    usual: String(30 * DAY),
    least: DAY,
    most: 730 * DAY,
  }),
];
