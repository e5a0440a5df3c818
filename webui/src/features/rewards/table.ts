// Who earns what by a block, in exact integers, and why (docs/SPECIFICATION.md, Y3 to Y6).
import { type Address, type Hex, hexToBytes } from "viem";
import type { Federation, Round } from "@/features/federation/records";
import { REASONS } from "@/generated/reasons";
import { countedWeights, mostSamples } from "@/lib/body";
import { accepts, type Outcome } from "@/lib/verdicts";

export interface RewardTerms {
  perRound: bigint;
  dataBps: number;
  proposerBps: number;
  ballotBps: number;
  attesterBps: number;
}

/** What a round's rewards follow from: updates in update order, voters' owners by index, the verdicts they cast. */
export interface RoundFacts {
  round: number;
  updates: readonly { device: Address; samples: number; epochs: number }[];
  outcomes: readonly Outcome[];
  sampleCap: number;
  voters: ReadonlyMap<number, Address>;
  ballots: ReadonlyMap<number, Hex>;
  proposer: Address;
}

/** `amount` = ⌊pool × samples × quality / total⌋. */
export interface DataShare {
  account: Address;
  samples: number;
  quality: number;
  total: bigint;
  pool: bigint;
  amount: bigint;
}

/** `amount` = ⌊pool × counted / offered⌋. */
export interface ProposerShare {
  account: Address;
  counted: number;
  offered: number;
  pool: bigint;
  amount: bigint;
}

/** `amount` = ⌊pool × agreed / (updates × voters)⌋. */
export interface BallotShare {
  account: Address;
  agreed: number;
  judged: number;
  updates: number;
  voters: number;
  pool: bigint;
  amount: bigint;
}

export interface RewardTable {
  round: number;
  data: readonly DataShare[];
  proposer: ProposerShare;
  ballots: readonly BallotShare[];
}

/** Why an account earned what it did in a round; null where it had no such part. */
export interface Receipt {
  round: number;
  account: Address;
  data: DataShare | null;
  proposer: ProposerShare | null;
  ballots: BallotShare | null;
  /** For having attested the block: by the vault itself, in no table. */
  attestation: bigint;
  amount: bigint;
}

export const DEFAULT_SAMPLE_CAP = 4;
const SHARES = 10_000n;
/** Verdicts that say nothing of the update. */
const NEUTRAL = new Set(
  Object.entries(REASONS).flatMap(([code, { name }]) =>
    name === "UNAVAILABLE" || name === "NOT_OPENED" ? [Number(code)] : [],
  ),
);

/** What a final round's table follows from; null for a round without a block. */
export function factsOf(federation: Federation, round: Round, sampleCap: number): RoundFacts | null {
  if (round.block === null) return null;
  const ownerOf = (index: number) => federation.miners.get(round.miners.get(index) ?? "0x")?.owner;
  // Who voted or was to vote when Verification closed: a replacement in Attestation changes no table.
  const voters = [...new Set([...round.ballots.keys(), ...round.absent])].flatMap((index) => {
    const owner = ownerOf(index);
    return owner === undefined ? [] : [[index, owner] as const];
  });
  const proposer = ownerOf(round.block.index);
  const judged = round.updates.every(({ outcome }) => outcome !== null);
  if (proposer === undefined || !judged) return null;
  return {
    round: round.number,
    updates: round.updates,
    outcomes: round.updates.flatMap(({ outcome }) => (outcome === null ? [] : [outcome])),
    sampleCap,
    voters: new Map(voters.sort(([one], [other]) => one - other)),
    ballots: round.ballots,
    proposer,
  };
}

/** What a block grants, and why. */
export function tableOf(facts: RoundFacts, terms: RewardTerms): RewardTable {
  const pool = (bps: number) => (terms.perRound * BigInt(bps)) / SHARES;
  const accepted = facts.updates.flatMap((update, at) => {
    const outcome = facts.outcomes[at];
    return outcome?.accepted ? [{ ...update, quality: outcome.quality }] : [];
  });
  const weights = countedWeights(
    accepted.map(({ samples }) => samples),
    BigInt(facts.sampleCap),
  );
  return {
    round: facts.round,
    data: shareData(accepted, weights, pool(terms.dataBps)),
    proposer: shareProposer(facts, accepted, weights, pool(terms.proposerBps)),
    ballots: shareBallots(facts, pool(terms.ballotBps)),
  };
}

/** What each account earns by a table. */
export function grantsOf({ data, proposer, ballots }: RewardTable): Map<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const { account, amount } of [...data, proposer, ...ballots]) {
    if (amount > 0n) sums.set(account, (sums.get(account) ?? 0n) + amount);
  }
  return sums;
}

export function receiptOf(table: RewardTable, account: Address, attestation: bigint): Receipt {
  const of = <S extends { account: Address }>(shares: readonly S[]) =>
    shares.find((share) => share.account === account) ?? null;
  const [data, proposer, ballots] = [of(table.data), of([table.proposer]), of(table.ballots)];
  const amount = (data?.amount ?? 0n) + (proposer?.amount ?? 0n) + (ballots?.amount ?? 0n) + attestation;
  return { round: table.round, account, data, proposer, ballots, attestation, amount };
}

/** What a miner earns by having attested a block. */
export function attestationReward({ perRound, attesterBps }: RewardTerms, maxMiners: number): bigint {
  return (perRound * BigInt(attesterBps)) / SHARES / BigInt(maxMiners);
}

/** Owners of the miners that proposed or approved a round's block. */
export function attesters(federation: Federation, round: Round): ReadonlySet<Address> {
  const approvals = round.block?.approvals ?? [];
  return new Set(
    approvals.flatMap((index) => {
      const owner = federation.miners.get(round.miners.get(index) ?? "0x")?.owner;
      return owner === undefined ? [] : [owner];
    }),
  );
}

function shareData(
  accepted: readonly { device: Address; quality: number }[],
  weights: readonly number[],
  pool: bigint,
): DataShare[] {
  const products = accepted.map(({ quality }, at) => BigInt(weights[at] ?? 0) * BigInt(quality));
  const total = products.reduce((sum, product) => sum + product, 0n);
  return accepted.map(({ device, quality }, at) => ({
    account: device,
    samples: weights[at] ?? 0,
    quality,
    total,
    pool,
    amount: total === 0n ? 0n : (pool * (products[at] ?? 0n)) / total,
  }));
}

function shareProposer(
  { updates, sampleCap, proposer }: RoundFacts,
  accepted: readonly { samples: number }[],
  weights: readonly number[],
  pool: bigint,
): ProposerShare {
  const counted = weights.reduce((sum, weight) => sum + weight, 0);
  const most = mostSamples(
    accepted.map(({ samples }) => samples),
    BigInt(sampleCap),
  );
  const worked = updates.filter(({ samples, epochs }) => samples > 0 && epochs > 0);
  const given = worked.reduce((sum, { samples }) => sum + Math.min(samples, most), 0);
  const offered = Math.max(counted, accepted.length === 0 ? 0 : given);
  const amount = offered === 0 ? 0n : (pool * BigInt(counted)) / BigInt(offered);
  return { account: proposer, counted, offered, pool, amount };
}

function shareBallots({ updates, outcomes, voters, ballots }: RoundFacts, pool: bigint): BallotShare[] {
  return [...voters].map(([index, account]) => {
    const verdicts = [...hexToBytes(ballots.get(index) ?? "0x")].slice(0, outcomes.length);
    const judged = verdicts.flatMap((verdict, at) =>
      NEUTRAL.has(verdict) ? [] : [accepts(verdict) === outcomes[at]?.accepted],
    );
    const agreed = judged.filter(Boolean).length;
    const all = updates.length * voters.size;
    return {
      account,
      agreed,
      judged: judged.length,
      updates: updates.length,
      voters: voters.size,
      pool,
      amount: all === 0 ? 0n : (pool * BigInt(agreed)) / BigInt(all),
    };
  });
}
