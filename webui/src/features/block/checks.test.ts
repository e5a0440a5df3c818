import { expect, test } from "vitest";
import type { Update } from "@/features/federation/records";
import { address, cid, headerFrom, hex, updateFrom, VECTORS } from "@/lib/block-vectors";
import { type Body, readBody } from "@/lib/body";
import {
  aggregationDifference,
  bodyDifference,
  type Check,
  type Contents,
  checkBlock,
  grantsOf,
  type Scene,
} from "./checks";

const { scene: KNOWN } = VECTORS;
const AT = { block: 1, tx: hex("0x"), time: 1 };

function body(block: number): Body {
  const read = readBody(new TextEncoder().encode(KNOWN.blocks[block]?.body));
  if (typeof read === "string") throw new Error(read);
  return read;
}

function block(at: number) {
  const known = KNOWN.blocks[at];
  if (known === undefined) throw new Error("no such block");
  const header = headerFrom(known.header);
  const difficulty = BigInt(KNOWN.difficulty);
  return { header, hash: hex(known.hash), number: header.number, difficulty, module: null };
}

const UPDATES: Update[] = KNOWN.round.updates.map((known) => ({
  ...updateFrom(known),
  round: known.round,
  minerIndex: known.minerIndex,
  pool: known.pool,
  at: AT,
  outcome: { accepted: known.accepted, quality: known.quality, reason: known.reason },
}));

/** Block 2 of the client's scene, everything in place. */
const SCENE: Scene = {
  chainId: KNOWN.chainId,
  federation: address(KNOWN.federation),
  manifest: cid(KNOWN.manifest),
  genesisModel: cid(KNOWN.model),
  block: block(1),
  parent: block(0),
  round: {
    snapshot: KNOWN.round.snapshot,
    updates: UPDATES,
    ballots: new Map(
      Object.entries(KNOWN.round.ballots).map(([index, verdicts]) => [Number(index), hex(verdicts)]),
    ),
    absent: KNOWN.round.absent,
  },
  kept: hex(KNOWN.blocks[1]?.hash ?? ""),
  consensus: "pow",
  pays: true,
};
const CONTENTS: Contents = {
  body: { kind: "read", value: body(1), bytes: 9 },
  parentBody: { kind: "read", value: body(0), bytes: 9 },
  aggregation: { kind: "read", value: { rule: "fedavg", sampleCap: 4n }, bytes: 9 },
  model: { kind: "read", value: null, bytes: 9 },
};

function found(scene: Partial<Scene>, contents: Partial<Contents> = {}): Check[] {
  return checkBlock({ ...SCENE, ...scene }, { ...CONTENTS, ...contents }).filter(
    ({ state }) => state !== "ok",
  );
}
const names = (checks: readonly Check[]) => checks.map(({ name }) => name);

test("a block of the client's passes every check", () => {
  expect(found({})).toEqual([]);
  expect(checkBlock(SCENE, CONTENTS)).toHaveLength(12);
});

test("block 1 links to the genesis", () => {
  const first = { block: block(0), parent: null };
  const link = (scene: Partial<Scene>) =>
    checkBlock({ ...SCENE, ...first, ...scene }, CONTENTS).find(({ name }) => name === "Link to the parent");
  expect(link({})?.state).toBe("ok");
  expect(link({ chainId: 1 })?.state).toBe("differs");
});

test("a header that was changed is noticed by its hash, whatever the field", () => {
  const { header } = SCENE.block;
  for (const change of [{ round: 3 }, { weights: [1n] }, { proof: hex("0x01") }, { rewardsTotal: 1n }]) {
    const other = { ...SCENE.block, header: { ...header, ...change } };
    expect(names(found({ block: other }))).toContain("Header's hash");
  }
});

test("another block at the contract, and a contract that does not answer, are told apart", () => {
  expect(found({ kept: hex(`0x${"00".repeat(32)}`) })).toMatchObject([{ state: "differs" }]);
  expect(found({ kept: null })).toMatchObject([{ name: "Kept by the contract", state: "unchecked" }]);
});

test("a parent that was changed does not fit the link", () => {
  const parent = block(0);
  const other = { ...parent, header: { ...parent.header, proof: hex("0x00") } };
  expect(names(found({ parent: other }))).toEqual(["Link to the parent"]);
});

test("an update, a ballot or an outcome that was changed is noticed where it counts", () => {
  const updates = UPDATES.with(0, { ...(UPDATES[0] as Update), samples: 11 });
  expect(names(found({ round: { ...SCENE.round, updates } }))).toEqual([
    "updatesRoot",
    "acceptedRoot",
    "What the body says",
  ]);
  const ballots = new Map(SCENE.round.ballots).set(1, hex("0xffffff"));
  expect(names(found({ round: { ...SCENE.round, ballots } }))).toEqual(["ballotsRoot", "What the body says"]);
  const voted = new Map(SCENE.round.ballots).set(2, hex("0xffffff"));
  expect(names(found({ round: { ...SCENE.round, ballots: voted } }))).toContain("ballotsRoot");
});

test("too little work differs; another module's proof is not checked here", () => {
  expect(found({ block: { ...SCENE.block, difficulty: 2n ** 48n } })).toMatchObject([
    { name: "Proof of work", state: "differs" },
  ]);
  const words = (consensus: string | null) => {
    const [check, ...rest] = found({ consensus, block: { ...SCENE.block, difficulty: null } });
    expect([check?.state, rest]).toEqual(["unchecked", []]);
    return check?.words;
  };
  expect(words("por")).toContain("another consensus module");
  expect(words(null)).toContain("does not know the consensus module");
  expect(words("pow")).toContain("difficulty is not known");
});

test("contents that are not there leave what rests on them unchecked; other bytes differ", () => {
  const missing = { kind: "missing", words: "nobody served it" } as const;
  expect(found({}, { body: missing }).map(({ state }) => state)).toEqual(Array(4).fill("unchecked"));
  expect(names(found({}, { parentBody: missing }))).toEqual(["rewardsTotal"]);
  expect(found({}, { model: { kind: "other", words: "other bytes" } })).toMatchObject([
    { name: "Model's CID", state: "differs" },
  ]);
});

test("rewards that nobody earned differ, also where nothing is paid", () => {
  const thief = { ...body(1), earned: new Map([...body(1).earned, [SCENE.federation, 1n]]) };
  expect(names(found({}, { body: { kind: "read", value: thief, bytes: 1 } }))).toEqual([
    "rewardsRoot",
    "rewardsTotal",
  ]);
  expect(names(found({ pays: false }))).toEqual(["rewardsRoot", "rewardsTotal"]);
  expect(grantsOf(body(1), body(0)).map(({ granted }) => granted)).toEqual([2n ** 60n, 40n, 5n]);
  const robbed = { ...body(0), earned: new Map([[SCENE.federation, 9n]]) };
  const check = found({}, { parentBody: { kind: "read", value: robbed, bytes: 1 } });
  expect(check).toMatchObject([{ name: "rewardsTotal", words: "an account earned less than before" }]);
});

test("a body that says something else than the chain is told by what it says", () => {
  const known = body(1);
  const [first] = known.updates;
  if (first === undefined) throw new Error("no update");
  const changes: [Partial<Body>, string][] = [
    [{ chainId: 1n }, "another federation"],
    [{ round: 9 }, "another block"],
    [{ parent: hex(`0x${"11".repeat(32)}`) }, "another parent"],
    [{ model: cid(KNOWN.model) }, "parent's model"],
    [{ updates: [] }, "number of updates"],
    [{ updates: known.updates.with(0, { ...first, samples: 1 }) }, "update 0 is another"],
    [
      { updates: known.updates.with(0, { ...first, outcome: { ...first.outcome, quality: 1 } }) },
      "outcome of update 0",
    ],
    [{ ballots: new Map(known.ballots).set(0, null) }, "ballot of miner 0"],
    [{ ballots: new Map() }, "other voters"],
    [{ accepted: [0] }, "accepted updates"],
  ];
  for (const [change, words] of changes)
    expect(bodyDifference(SCENE, { ...known, ...change })).toContain(words);
});

test("rule, cap and weights are the manifest's to say, not the body's", () => {
  const known = body(1);
  const manifest = { rule: "fedavg", sampleCap: 4n };
  const changes: [Partial<Body>, string][] = [
    [{ weights: [10, 91] }, "weights"],
    [{ aggregation: { rule: "median", sampleCap: 4n } }, "rule"],
    [{ aggregation: { rule: "fedavg", sampleCap: 8n }, weights: [10, 80] }, "cap"],
  ];
  for (const [change, words] of changes) {
    const other = { ...known, ...change };
    expect(aggregationDifference(other, manifest)).toContain(words);
    expect(found({}, { body: { kind: "read", value: other, bytes: 9 } })).toMatchObject([
      { name: "What the body says", state: "differs" },
    ]);
  }
  const missing = { kind: "missing", words: "nobody served it" } as const;
  expect(found({}, { aggregation: missing })).toMatchObject([
    { name: "What the body says", state: "unchecked" },
  ]);
  const { aggregation } = CONTENTS;
  const wider = { ...aggregation, value: { rule: "fedavg", sampleCap: 5n } } as Contents["aggregation"];
  expect(found({}, { aggregation: wider })).toMatchObject([{ state: "differs" }]);
});

test("a body that hashes right and is none is not said to be other bytes", () => {
  const malformed = { kind: "malformed", words: "it is no body: its field round", bytes: 9 } as const;
  const checks = found({}, { body: malformed });
  expect(names(checks)).toEqual(["What the body says", "rewardsRoot", "rewardsTotal"]);
  for (const { state, words } of checks) expect([state, words]).toEqual(["differs", malformed.words]);
  expect(found({}, { parentBody: malformed })).toMatchObject([{ name: "rewardsTotal", state: "unchecked" }]);
});
