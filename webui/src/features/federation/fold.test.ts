import type { Address, Hex } from "viem";
import { expect, test } from "vitest";
import type { ChainEvent } from "@/features/chain/events";
import { Drop, Offence, Phase } from "@/generated/enums";
import type { EventArgs, EventName } from "@/generated/events";
import { FederationFold } from "./fold";
import { reportedLoss } from "./selectors";

const at = (number: number): Address => `0x${number.toString(16).padStart(40, "0")}`;
const FEDERATION = at(0xf);
const MINERS = [at(0xa0), at(0xa1), at(0xa2)];
const HASH: Hex = `0x${"11".repeat(32)}`;

/** Tells events one after the other, each in a block of its own. */
class Scene {
  readonly fold: FederationFold;
  private block = 0;

  constructor(modules: Record<string, Address> = {}) {
    this.fold = new FederationFold(FEDERATION, modules);
  }

  tell<N extends EventName>(name: N, args: EventArgs[N], address: Address = FEDERATION): this {
    this.block += 1;
    const event = { name, args, address, block: this.block, index: 0, tx: HASH, time: 1000 + this.block };
    this.fold.apply(event as ChainEvent);
    return this;
  }

  joined(count = 3): this {
    for (let index = 0; index < count; index += 1) {
      this.tell("MinerJoined", { index, owner: at(index + 1), miner: MINERS[index] ?? at(0), endpoint: "" });
    }
    return this;
  }

  opened(round: number, lanes: readonly bigint[] = [], snapshot = 7n): this {
    return this.tell("RoundOpened", { round, snapshot, voters: snapshot, lanes, deadline: 2000 });
  }

  submitted(
    round: number,
    device: Address,
    miner: number,
    index: number,
    samples = 10,
    lossAfter = 500_000n,
  ): this {
    const record = {
      digest: HASH,
      codec: 85,
      samples,
      epochs: 1,
      computeUs: 1n,
      lossBefore: 900_000n,
      lossAfter,
    };
    return this.tell("UpdateSubmitted", { round, device, index, ...record }, MINERS[miner]);
  }

  voted(round: number, index: number, verdicts: Hex): this {
    return this.tell("BallotCast", { round, index, updatesRoot: HASH, verdicts });
  }

  closed(round: number, absent = 0n): this {
    return this.tell("VerificationClosed", { round, ballotsRoot: HASH, voted: 7n, absent, deadline: 2100 });
  }

  get record() {
    return this.fold.snapshot();
  }
}

const words = (...values: bigint[]): Hex =>
  `0x${values.map((value) => value.toString(16).padStart(64, "0")).join("")}`;

function header(round: number, proposer: Address): EventArgs["BlockProposed"]["header"] {
  const cid = { digest: HASH, codec: 85 };
  return {
    number: round,
    parent: HASH,
    round,
    updatesRoot: HASH,
    ballotsRoot: HASH,
    acceptedRoot: HASH,
    body: cid,
    model: cid,
    rewardsRoot: HASH,
    rewardsTotal: 0n,
    weights: [],
    proposer,
    proof: "0x",
  };
}

test("updates stand in update order, whichever came first", () => {
  const scene = new Scene().joined().opened(1);
  scene
    .submitted(1, at(20), 2, 0)
    .submitted(1, at(21), 0, 1)
    .submitted(1, at(22), 0, 0)
    .submitted(1, at(23), 1, 0);
  expect(scene.record.rounds[0]?.updates.map(({ device }) => device)).toEqual([
    at(22),
    at(21),
    at(23),
    at(20),
  ]);
});

test("ballots decide by weight when Verification closes, and devices are told why", () => {
  // Lanes of 16 bits: miner 0 weighs 1, miner 1 weighs 1, miner 2 weighs 5.
  const scene = new Scene().joined().opened(1, [0x0005_0001_0001n]);
  scene.tell("DeviceBound", { device: at(20), miner: MINERS[0] ?? at(0), fromRound: 1 });
  scene.submitted(1, at(20), 0, 0).submitted(1, at(21), 1, 0);
  scene.voted(1, 0, "0xffff").voted(1, 1, "0xffff").voted(1, 2, "0x14ff");
  expect(scene.record.rounds[0]?.updates[0]?.outcome).toBeNull();
  scene.closed(1);
  const [refused, accepted] = scene.record.rounds[0]?.updates ?? [];
  expect(refused?.outcome).toEqual({ accepted: false, quality: 0, reason: 20 });
  expect(accepted?.outcome?.accepted).toBe(true);
  expect(scene.record.devices.get(at(20))).toMatchObject({
    submitted: 1,
    refused: 1,
    lastRefusal: { round: 1, reason: 20 },
  });
});

test("K9: in a committee nobody judges its own update", () => {
  const committee = at(0xc0);
  const play = (module: Address) => {
    const scene = new Scene({ committee }).joined();
    scene.tell("ConsensusConfigured", { federation: FEDERATION, parameters: "0x" }, module);
    scene.opened(1).submitted(1, at(1), 0, 0);
    scene.voted(1, 0, "0xff").voted(1, 1, "0xff").voted(1, 2, "0x14").closed(1);
    return scene.record.rounds[0]?.updates[0]?.outcome;
  };
  expect(play(at(0xc1))?.accepted).toBe(true);
  expect(play(committee)).toEqual({ accepted: false, quality: 0, reason: 20 });
});

test("W2 and W3: a candidate knows the difficulty that its proof had to meet", () => {
  const pow = at(0xd0);
  const scene = new Scene({ pow }).joined();
  const propose = (round: number) =>
    scene.tell("BlockProposed", { round, index: 0, hash: HASH, header: header(round, at(0)), deadline: 1 });
  const configure = (module: Address) =>
    scene.tell("ConsensusConfigured", { federation: FEDERATION, parameters: words(64n, 20n) }, module);
  const difficulty = (federation = FEDERATION, module = pow) =>
    scene.tell("DifficultyChanged", { federation, round: 1, difficulty: 16n }, module);
  configure(pow).opened(1);
  propose(1);
  difficulty(FEDERATION, at(0xd1)).opened(2);
  propose(2);
  difficulty().opened(3);
  propose(3);
  configure(at(0xd2)).opened(4);
  propose(4);
  const candidates = scene.record.rounds.map(({ candidates }) => candidates[0]);
  expect(candidates.map((candidate) => candidate?.difficulty)).toEqual([64n, 64n, 16n, null]);
  expect(candidates.map((candidate) => candidate?.module)).toEqual([pow, pow, pow, at(0xd2)]);
});

test("a change to a module that tells nothing of itself ends the former one's work", () => {
  const [pow, other] = [at(0xd0), at(0xd1)];
  const scene = new Scene({ pow }).joined();
  const configure = () =>
    scene.tell("ConsensusConfigured", { federation: FEDERATION, parameters: words(64n, 20n) }, pow);
  const propose = (round: number) =>
    scene
      .opened(round)
      .tell("BlockProposed", { round, index: 0, hash: HASH, header: header(round, at(0)), deadline: 1 });
  configure();
  propose(1).tell("ConsensusChanged", { round: 2, module: other });
  expect(scene.record.module).toBe(other);
  propose(2);
  configure().tell("ConsensusChanged", { round: 3, module: pow });
  propose(3);
  const candidates = scene.record.rounds.map(({ candidates }) => candidates[0]);
  expect(candidates.map((candidate) => candidate?.difficulty)).toEqual([64n, null, 64n]);
  expect(candidates.map((candidate) => candidate?.module)).toEqual([pow, other, pow]);
});

test("a dropped candidate stays in the round's story, the next one becomes the block", () => {
  const scene = new Scene()
    .joined()
    .opened(1)
    .submitted(1, at(20), 0, 0, 30, 600_000n)
    .submitted(1, at(21), 0, 1, 10, 200_000n);
  scene.voted(1, 0, "0xffff").voted(1, 1, "0xffff").voted(1, 2, "0xffff").closed(1);
  const propose = (index: number, hash: Hex) =>
    scene.tell("BlockProposed", {
      round: 1,
      index,
      hash,
      header: header(1, MINERS[index] ?? at(0)),
      deadline: 2200,
    });
  propose(0, "0x01").tell("Attested", { round: 1, index: 1, hash: "0x01", approve: false });
  scene.tell("CandidateDropped", { round: 1, index: 0, hash: "0x01", reason: Drop.Rejected });
  scene.tell("MiningReopened", { round: 1, deadline: 2300 });
  expect(scene.record.rounds[0]?.phase).toBe(Phase.Mining);
  propose(1, "0x02").tell("Attested", { round: 1, index: 2, hash: "0x02", approve: true });
  scene.tell("BlockFinalized", { round: 1, number: 1, hash: "0x02", approvals: 6n });
  const round = scene.record.rounds[0];
  expect(round).toMatchObject({ outcome: "finalized", phase: Phase.Finalized });
  expect(round?.candidates.map(({ dropped }) => dropped)).toEqual([Drop.Rejected, null]);
  expect(scene.record.blocks).toHaveLength(1);
  expect(scene.record.blocks[0]).toMatchObject({
    number: 1,
    hash: "0x02",
    index: 1,
    approvals: [1, 2],
    accepted: 2,
    refused: 0,
  });
  expect(scene.record.miners.get(MINERS[1] ?? at(0))).toMatchObject({ proposed: 1, mined: 1 });
  expect(round === undefined ? null : reportedLoss(round)).toBeCloseTo(0.5);
});

test("miners that were silent are dormant until they return, those that leave are gone when the round ends", () => {
  const scene = new Scene().joined().opened(1).closed(1, 0b010n);
  const status = (index: number) => scene.record.miners.get(MINERS[index] ?? at(0))?.status;
  expect(status(1)).toBe("dormant");
  scene.tell("MinerReturned", { index: 1 }).tell("MinerLeaving", { index: 2 });
  expect([status(1), status(2)]).toEqual(["member", "leaving"]);
  scene.tell("RoundSkipped", { round: 1, phase: Phase.Mining });
  expect(status(2)).toBe("left");
  scene.opened(2, [], 3n);
  scene.tell("MinerJoined", { index: 2, owner: at(9), miner: at(0xb2), endpoint: "" });
  expect(scene.record.miners.size).toBe(4);
  expect(scene.record.rounds[0]).toMatchObject({ outcome: "skipped", skippedIn: Phase.Mining });
});

test("while no round runs a miner that leaves is gone at once", () => {
  const scene = new Scene().joined(2).tell("MinerLeaving", { index: 0 });
  const status = (index: number) => scene.record.miners.get(MINERS[index] ?? at(0))?.status;
  expect(status(0)).toBe("left");
  // Whom the governor expelled is let go when the round is over.
  scene
    .opened(1, [], 2n)
    .tell("MinerExpelled", { index: 1 })
    .tell("RoundSkipped", { round: 1, phase: Phase.Training });
  expect(status(1)).toBe("member");
  scene.tell("MinerLeaving", { index: 1 });
  expect(status(1)).toBe("left");
});

test("stake that was deposited before joining is the miner's, and what is slashed is told", () => {
  const vault = at(0xe0);
  const scene = new Scene()
    .tell("StakeDeposited", { account: at(1), from: at(1), amount: 50n, bonded: 50n }, vault)
    .joined(1);
  const slash = {
    account: at(1),
    round: 1,
    offence: Offence.Absence,
    amount: 5n,
    bonded: 45n,
    reporter: at(0),
    reward: 0n,
  };
  scene.tell("StakeSlashed", slash, vault);
  expect(scene.record.miners.get(MINERS[0] ?? at(0))).toMatchObject({
    bonded: 45n,
    slashes: [{ amount: 5n }],
  });
  expect(scene.record.money.slashed).toBe(5n);
});

test("what was told of the claims stays as it was told", () => {
  const scene = new Scene();
  const claim = (account: number) =>
    scene.tell("RewardsClaimed", { account: at(account), to: at(account), byTable: 2n, byAttestations: 1n });
  claim(1);
  const before = scene.record.money;
  expect(scene.record.money).toBe(before);
  claim(2);
  expect([before.claims.length, scene.record.money.claims.length]).toEqual([1, 2]);
  expect(scene.record.money.claimed).toBe(6n);
});

test("what did not change is the same object in the next record", () => {
  const scene = new Scene().joined().opened(1).opened(2);
  const before = scene.record;
  scene.submitted(2, at(20), 0, 0);
  const after = scene.record;
  expect(after.rounds[0]).toBe(before.rounds[0]);
  expect(after.rounds[1]).not.toBe(before.rounds[1]);
  expect(before.rounds[1]?.updates).toEqual([]);
  expect(after.miners).toBe(before.miners);
});

test("events of a round or a miner that was never told of change nothing", () => {
  const scene = new Scene();
  scene.submitted(9, at(20), 0, 0).voted(9, 5, "0xff").closed(9).tell("MinerReturned", { index: 60 });
  scene.tell("BlockFinalized", { round: 9, number: 1, hash: HASH, approvals: 1n });
  expect(scene.record).toMatchObject({ rounds: [], blocks: [] });
});
