// A round from its opening to its block, or to its skipping.
import type { ChainEvent } from "@/features/chain/events";
import { Phase } from "@/generated/enums";
import { indices, weightOf } from "@/lib/masks";
import { decide, type Outcome } from "@/lib/verdicts";
import { verdictAt } from "./ballots";
import { momentOf, type Work } from "./fold";
import { atIndex } from "./fold-members";
import type { Candidate, Round, Update } from "./records";

type Of<N extends ChainEvent["name"]> = Extract<ChainEvent, { name: N }>;

export function applyRound(work: Work, event: ChainEvent): void {
  const { rounds } = work;
  switch (event.name) {
    case "RoundOpened":
      rounds.set(event.args.round, newRound(work, event));
      break;
    case "UpdateSubmitted":
      submit(work, event);
      break;
    case "PhaseExtended": {
      const { round, phase, deadline } = event.args;
      rounds.update(round, ({ extensions }) => ({ phase, deadline, extensions: extensions + 1 }));
      break;
    }
    case "TrainingClosed": {
      const { round, updatesRoot, deadline } = event.args;
      rounds.update(round, () => ({ phase: Phase.Verification, updatesRoot, deadline, extensions: 0 }));
      break;
    }
    case "VotersReplaced": {
      const voters = indices(event.args.voters);
      rounds.update(event.args.round, () => ({ voters, weights: weightsOf(voters, event.args.lanes) }));
      break;
    }
    case "BallotCast":
      vote(work, event);
      break;
    case "VerificationClosed":
      closeVerification(work, event);
      break;
    case "MiningReopened":
      rounds.update(event.args.round, () => ({ phase: Phase.Mining, deadline: event.args.deadline }));
      break;
    case "BlockProposed":
    case "Attested":
    case "CandidateDropped":
    case "BlockFinalized":
      applyCandidate(work, event);
      break;
    case "RoundSkipped":
      rounds.update(event.args.round, () => ({
        phase: Phase.Skipped,
        outcome: "skipped",
        skippedIn: event.args.phase,
        ended: momentOf(event),
      }));
      break;
  }
}

function newRound(work: Work, event: Of<"RoundOpened">): Round {
  const { round, snapshot, lanes, deadline } = event.args;
  const [members, voters] = [indices(snapshot), indices(event.args.voters)];
  const miners = members.flatMap((index) => {
    const contract = work.places.get(index);
    return contract === undefined ? [] : [[index, contract] as const];
  });
  return {
    number: round,
    opened: momentOf(event),
    deadline,
    phase: Phase.Training,
    outcome: "running",
    snapshot: members,
    miners: new Map(miners),
    voters,
    weights: weightsOf(voters, lanes),
    extensions: 0,
    updatesRoot: null,
    ballotsRoot: null,
    updates: [],
    ballots: new Map(),
    absent: [],
    candidates: [],
    block: null,
    skippedIn: null,
    ended: null,
  };
}

function submit(work: Work, event: Of<"UpdateSubmitted">): void {
  const { round, device, index, digest, codec, samples, epochs, computeUs, lossBefore, lossAfter } =
    event.args;
  const minerIndex = work.miners.get(event.address)?.index ?? 0;
  const update: Update = {
    round,
    device,
    miner: event.address,
    minerIndex,
    pool: index,
    cid: { digest, codec },
    samples,
    epochs,
    computeUs,
    lossBefore,
    lossAfter,
    at: momentOf(event),
    outcome: null,
  };
  work.rounds.update(round, ({ updates }) => ({ updates: placed(updates, update) }));
  work.devices.update(device, ({ submitted }) => ({ submitted: submitted + 1, lastSeen: round }));
}

/** In update order: by the miner's index, then by the place in its pool (R3). */
function placed(updates: readonly Update[], update: Update): readonly Update[] {
  let at = updates.length;
  for (; at > 0; at -= 1) {
    const before = updates[at - 1];
    if (before === undefined || before.minerIndex < update.minerIndex) break;
    if (before.minerIndex === update.minerIndex && before.pool < update.pool) break;
  }
  return updates.toSpliced(at, 0, update);
}

function vote(work: Work, event: Of<"BallotCast">): void {
  const { round, index, verdicts } = event.args;
  work.rounds.update(round, ({ ballots }) => ({ ballots: new Map(ballots).set(index, verdicts) }));
}

function closeVerification(work: Work, event: Of<"VerificationClosed">): void {
  const { round, ballotsRoot, absent, deadline } = event.args;
  work.rounds.update(round, (before) => {
    const outcomeOf = judge(work, before);
    return {
      phase: Phase.Mining,
      ballotsRoot,
      deadline,
      extensions: 0,
      absent: indices(absent),
      updates: before.updates.map((update, position) => ({
        ...update,
        outcome: outcomeOf(update, position),
      })),
    };
  });
  for (const { device, outcome } of work.rounds.get(round)?.updates ?? []) {
    if (outcome === null) continue;
    work.devices.update(device, ({ accepted, refused }) =>
      outcome.accepted
        ? { accepted: accepted + 1 }
        : { refused: refused + 1, lastRefusal: { round, reason: outcome.reason } },
    );
  }
}

/** What the ballots of a round decide on an update; the same verdicts on another one decide the same. */
function judge(work: Work, round: Round): (update: Update, position: number) => Outcome {
  const owner = (index: number) => work.miners.get(round.miners.get(index) ?? "0x")?.owner;
  const own = work.committee !== null && work.module === work.committee;
  const ballots = [...round.ballots];
  const known = new Map<string, Outcome>();
  return (update, position) => {
    const said = ballots.map(([index, verdicts]) =>
      own && owner(index) === update.device ? "" : verdictAt(verdicts, position),
    );
    const key = said.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const outcome = decide(
      ballots.flatMap(([index], at) => {
        const verdict = Number.parseInt(said[at] ?? "", 16);
        return Number.isNaN(verdict) ? [] : [{ verdict, weight: round.weights.get(index) ?? 0 }];
      }),
    );
    known.set(key, outcome);
    return outcome;
  };
}

function applyCandidate(
  work: Work,
  event: Of<"BlockProposed"> | Of<"Attested"> | Of<"CandidateDropped"> | Of<"BlockFinalized">,
): void {
  const { rounds } = work;
  switch (event.name) {
    case "BlockProposed": {
      const { round, index, hash, header, deadline } = event.args;
      const candidate: Candidate = {
        hash,
        round,
        index,
        proposer: header.proposer,
        header,
        deadline,
        approvals: [index],
        rejections: [],
        dropped: null,
        module: work.module,
        difficulty: work.difficulty,
        at: momentOf(event),
      };
      rounds.update(round, ({ candidates }) => ({
        phase: Phase.Attestation,
        deadline,
        candidates: [...candidates, candidate],
      }));
      break;
    }
    case "Attested": {
      const { round, index, approve } = event.args;
      changeLast(work, round, ({ approvals, rejections }) =>
        approve ? { approvals: [...approvals, index] } : { rejections: [...rejections, index] },
      );
      break;
    }
    case "CandidateDropped":
      changeLast(work, event.args.round, () => ({ dropped: event.args.reason }));
      break;
    case "BlockFinalized":
      finalize(work, event);
      break;
  }
}

function finalize(work: Work, event: Of<"BlockFinalized">): void {
  const { round, number } = event.args;
  const record = work.rounds.get(round);
  const candidate = record?.candidates.at(-1);
  if (record === undefined || candidate === undefined) return;
  const accepted = record.updates.filter((update) => update.outcome?.accepted).length;
  const finalized = momentOf(event);
  const block = {
    ...candidate,
    number,
    approvals: indices(event.args.approvals),
    accepted,
    refused: record.updates.length - accepted,
    finalized,
  };
  work.blocks.push(block);
  work.rounds.update(round, () => ({
    phase: Phase.Finalized,
    outcome: "finalized",
    block,
    ended: finalized,
  }));
  atIndex(work, candidate.index, ({ mined }) => ({ mined: mined + 1 }));
}

/** The candidate that is attested is the round's last one. */
function changeLast(work: Work, round: number, change: (candidate: Candidate) => Partial<Candidate>): void {
  work.rounds.update(round, ({ candidates }) => {
    const last = candidates.at(-1);
    return last === undefined ? {} : { candidates: candidates.with(-1, { ...last, ...change(last) }) };
  });
}

function weightsOf(voters: readonly number[], lanes: readonly bigint[]): ReadonlyMap<number, number> {
  return new Map(voters.map((index) => [index, weightOf(lanes, index)]));
}
